/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * A plugin of qemu-user (plugin API version 1) that counts the instructions
 * which a program executes, of AArch64 or, with the argument `a32=on`, of ARMv7.
 * Each getppid of the program is a mark: the plugin then writes one line into
 * qemu's log, totals since the start:
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
#define GETPPID_A64 173
#define GETPPID_A32 64
#define ADD_U64 0

typedef uint64_t plugin_id;
struct block;
struct insn;

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, void (*)(plugin_id, struct block *));
void qemu_plugin_register_vcpu_tb_exec_inline(struct block *, int, void *, uint64_t);
void qemu_plugin_register_vcpu_syscall_cb(
    plugin_id, void (*)(plugin_id, unsigned, int64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                        uint64_t, uint64_t, uint64_t, uint64_t));
size_t qemu_plugin_insn_size(const struct insn *);
size_t qemu_plugin_tb_n_insns(const struct block *);
struct insn *qemu_plugin_tb_get_insn(const struct block *, size_t);
const void *qemu_plugin_insn_data(const struct insn *);
void qemu_plugin_outs(const char *);

EXPORT int qemu_plugin_version = 1;

enum class { MEMORY, VECTOR, BRANCH, OTHER, CLASSES };

static uint64_t executed[CLASSES];
static int a32;

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

/* By bits 27 to 25, and where the condition is "never" by what stands for it
 * there; roughly, for a few that move or extend a word count as memory. Thumb's
 * of 32 bits are taken for ARM's: the C library alone has them. */
static enum class a32_class_of(uint32_t word)
{
    uint32_t group = word >> 25 & 7;

    if (word >> 28 == 15)
        return group == 1 ? VECTOR : group == 2 || group == 6 ? MEMORY : OTHER;
    if (group == 2 || group == 3 || group == 4 || group == 6)
        return MEMORY;
    if (group == 5)
        return BRANCH;
    if (group == 7)
        return word >> 24 & 1 ? BRANCH : VECTOR;
    return OTHER;
}

static enum class of(const struct insn *insn)
{
    uint32_t word;

    if (qemu_plugin_insn_size(insn) != sizeof word)
        return OTHER;
    memcpy(&word, qemu_plugin_insn_data(insn), sizeof word);
    return a32 ? a32_class_of(word) : class_of(word);
}

static void translated(plugin_id id, struct block *block)
{
    uint64_t found[CLASSES] = {0};
    size_t count = qemu_plugin_tb_n_insns(block);

    (void)id;
    for (size_t i = 0; i < count; i++)
        found[of(qemu_plugin_tb_get_insn(block, i))]++;
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
    if (number != (a32 ? GETPPID_A32 : GETPPID_A64))
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
    (void)info;
    a32 = argc > 0 && !strcmp(argv[0], "a32=on");
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_vcpu_syscall_cb(id, called);
    return 0;
}
