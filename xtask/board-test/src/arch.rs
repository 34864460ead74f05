//! Everything that differs between the two virtual boards, as data.

use clap::ValueEnum;

/// What differs between the virtual boards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Arch {
    Aarch64,
    #[value(name = "x86_64")]
    X86_64,
}

impl Arch {
    pub const ALL: [Arch; 2] = [Arch::Aarch64, Arch::X86_64];

    pub fn name(self) -> &'static str {
        match self {
            Arch::Aarch64 => "aarch64",
            Arch::X86_64 => "x86_64",
        }
    }

    /// Rust's target triple.
    pub fn triple(self) -> &'static str {
        match self {
            Arch::Aarch64 => "aarch64-unknown-linux-gnu",
            Arch::X86_64 => "x86_64-unknown-linux-gnu",
        }
    }

    /// Debian's name of the architecture.
    pub fn debian(self) -> &'static str {
        match self {
            Arch::Aarch64 => "arm64",
            Arch::X86_64 => "amd64",
        }
    }

    /// Debian's package of the emulator, and its program.
    pub fn emulator(self) -> (&'static str, &'static str) {
        match self {
            Arch::Aarch64 => ("qemu-system-arm", "qemu-system-aarch64"),
            Arch::X86_64 => ("qemu-system-x86", "qemu-system-x86_64"),
        }
    }

    /// The machine: always emulated, so that every host runs the same test.
    pub fn machine(self) -> &'static [&'static str] {
        match self {
            Arch::Aarch64 => &["-M", "virt,gic-version=3", "-cpu", "cortex-a72"],
            Arch::X86_64 => &["-M", "q35", "-cpu", "max", "-vga", "none"],
        }
    }

    /// The kernel's name of the first serial line.
    pub fn console(self) -> &'static str {
        match self {
            Arch::Aarch64 => "ttyAMA0",
            Arch::X86_64 => "ttyS0",
        }
    }

    /// More words for the kernel. A starved emulator's timer interrupts come late, and the
    /// kernel of a PC takes that for a broken board.
    pub fn kernel_words(self) -> &'static str {
        match self {
            Arch::Aarch64 => "",
            Arch::X86_64 => " no_timer_check",
        }
    }

    /// Variables of the kernel's Makefile.
    pub fn kbuild(self) -> &'static [&'static str] {
        match self {
            Arch::Aarch64 => {
                &["ARCH=arm64", "CROSS_COMPILE=aarch64-linux-gnu-", "CC=aarch64-linux-gnu-gcc"]
            }
            Arch::X86_64 => &["ARCH=x86", "CC=gcc"],
        }
    }

    /// Takes the symbols out of a binary or a module of this architecture.
    pub fn strip(self) -> &'static str {
        match self {
            Arch::Aarch64 => "aarch64-linux-gnu-strip",
            Arch::X86_64 => "strip",
        }
    }

    /// The C library's files: their folder on the host, and which are needed.
    pub fn libraries(self) -> (&'static str, [&'static str; 4]) {
        match self {
            Arch::Aarch64 => (
                "/usr/aarch64-linux-gnu/lib",
                ["ld-linux-aarch64.so.1", "libc.so.6", "libm.so.6", "libgcc_s.so.1"],
            ),
            Arch::X86_64 => (
                "/lib/x86_64-linux-gnu",
                ["ld-linux-x86-64.so.2", "libc.so.6", "libm.so.6", "libgcc_s.so.1"],
            ),
        }
    }

    /// Physical address of the PL061's data register with all eight lines
    /// unmasked (ARM DDI 0190, section 3.3.1: address bits 9:2 are the mask),
    /// where the machine has one. The emulator reads it from outside the guest.
    pub fn gpio_register(self) -> Option<u64> {
        match self {
            Arch::Aarch64 => Some(0x0903_03fc),
            Arch::X86_64 => None,
        }
    }
}
