/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * A plugin of qemu-user (plugin API version 1) that counts the AArch64
 * instructions which a program executes. Each getppid of the program is a mark:
 * the plugin then writes one line into qemu's log, totals since the start:
 *
 *     mark ALL MEMORY VECTOR BRANCH OTHER
 *
 * A program of several threads is counted as a whole; two that run at once may
 * lose a block now and then. No distribution ships the header, so what is
 * needed of it is declared here.
 */

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
#define GETPPID 173
#define ADD_U64 0

typedef uint64_t plugin_id;
struct block;
struct insn;

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, void (*)(plugin_id, struct block *));
void qemu_plugin_register_vcpu_tb_exec_inline(struct block *, int, void *, uint64_t);
void qemu_plugin_register_vcpu_syscall_cb(
    plugin_id, void (*)(plugin_id, unsigned, int64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                        uint64_t, uint64_t, uint64_t, uint64_t));
size_t qemu_plugin_tb_n_insns(const struct block *);
struct insn *qemu_plugin_tb_get_insn(const struct block *, size_t);
const void *qemu_plugin_insn_data(const struct insn *);
void qemu_plugin_outs(const char *);

EXPORT int qemu_plugin_version = 1;

enum class { MEMORY, VECTOR, BRANCH, OTHER, CLASSES };

static uint64_t executed[CLASSES];

/* By bits 28 to 25, the first level of the A64 encoding. */
static enum class class_of(uint32_t word)
{
    uint32_t group = word >> 25 & 15;

    if ((group & 5) == 4)
        return MEMORY;
    if ((group & 7) == 7)
        return VECTOR;
    if ((group & 14) == 10)
        return BRANCH;
    return OTHER;
}

static void translated(plugin_id id, struct block *block)
{
    uint64_t found[CLASSES] = {0};
    size_t count = qemu_plugin_tb_n_insns(block);

    (void)id;
    for (size_t i = 0; i < count; i++) {
        uint32_t word;

        memcpy(&word, qemu_plugin_insn_data(qemu_plugin_tb_get_insn(block, i)), sizeof word);
        found[class_of(word)]++;
    }
    for (int class = 0; class < CLASSES; class++)
        if (found[class])
            qemu_plugin_register_vcpu_tb_exec_inline(block, ADD_U64, &executed[class],
                                                     found[class]);
}

static void called(plugin_id id, unsigned vcpu, int64_t number, uint64_t a, uint64_t b, uint64_t c,
                   uint64_t d, uint64_t e, uint64_t f, uint64_t g, uint64_t h)
{
    char line[160];
    uint64_t all = 0;

    (void)id, (void)vcpu, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f, (void)g, (void)h;
    if (number != GETPPID)
        return;
    for (int class = 0; class < CLASSES; class++)
        all += executed[class];
    snprintf(line, sizeof line,
             "mark %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", all,
             executed[MEMORY], executed[VECTOR], executed[BRANCH], executed[OTHER]);
    qemu_plugin_outs(line);
}

EXPORT int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    (void)info, (void)argc, (void)argv;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_vcpu_syscall_cb(id, called);
    return 0;
}
