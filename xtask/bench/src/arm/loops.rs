//! Finds the innermost loops of a disassembled program.

use std::io::BufRead;

use anyhow::Result;

/// One instruction as objdump prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Instruction {
    address: u64,
    mnemonic: String,
    operands: String,
}

/// A loop that holds no other, calls included: what lies between a backward
/// branch and its target. Forward branches are in it, and taken for not taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Loop {
    body: Vec<Instruction>,
}

impl Loop {
    /// How many of its instructions have one of these mnemonics, and write
    /// lanes of this form, as `4s`.
    pub(super) fn count(&self, mnemonics: &[&str], lanes: &str) -> usize {
        let wanted = |i: &&Instruction| {
            let written = i.operands.split(',').next().and_then(|o| o.split_once('.'));
            mnemonics.contains(&i.mnemonic.as_str()) && written.is_some_and(|(_, l)| l == lanes)
        };
        self.body.iter().filter(wanted).count()
    }

    pub(super) fn len(&self) -> usize {
        self.body.len()
    }

    /// Of the first instruction.
    pub(super) fn address(&self) -> u64 {
        self.body.first().map_or(0, |i| i.address)
    }

    /// Source for an assembler, without the branches.
    pub(super) fn source(&self) -> String {
        let straight = self.body.iter().filter(|i| !i.is_branch() && i.mnemonic != "nop");
        straight.map(|i| format!("{}\t{}\n", i.mnemonic, i.operands)).collect()
    }
}

impl Instruction {
    /// `  184058:\tfmla\tv0.4s, v1.4s, v2.s[0]`, with a comment or none.
    fn parse(line: &str) -> Option<Self> {
        let mut columns = line.splitn(3, '\t');
        let address = columns.next()?.trim().strip_suffix(':')?;
        let address = u64::from_str_radix(address, 16).ok()?;
        let mnemonic = columns.next()?.trim().to_owned();
        let operands = columns.next().unwrap_or("");
        let operands = operands.split("//").next().unwrap_or("");
        let operands = operands.split('<').next().unwrap_or("").trim().to_owned();
        Some(Self { address, mnemonic, operands })
    }

    fn is_branch(&self) -> bool {
        let name = self.mnemonic.as_str();
        name.starts_with("b.") || ["b", "cbz", "cbnz", "tbz", "tbnz"].contains(&name)
    }

    fn leaves(&self) -> bool {
        ["bl", "blr", "br", "ret"].contains(&self.mnemonic.as_str())
    }

    /// Where a branch goes.
    fn target(&self) -> Option<u64> {
        let last = self.operands.rsplit([',', ' ']).next()?;
        let last = last.strip_prefix("0x").unwrap_or(last);
        self.is_branch().then(|| u64::from_str_radix(last, 16).ok()).flatten()
    }
}

/// The innermost loops of all functions whose symbol holds `of`, in what
/// `objdump -d --no-show-raw-insn` prints.
///
/// # Errors
/// It cannot be read.
pub(super) fn innermost(disassembly: impl BufRead, of: &str) -> Result<Vec<Loop>> {
    let (mut loops, mut function, mut wanted) = (Vec::new(), Vec::new(), false);
    for line in disassembly.lines() {
        let line = line?;
        if line.ends_with(">:") {
            loops.extend(loops_of(&std::mem::take(&mut function)));
            wanted = line.contains(of);
        } else if wanted {
            function.extend(Instruction::parse(&line));
        }
    }
    loops.extend(loops_of(&function));
    Ok(loops)
}

fn loops_of(function: &[Instruction]) -> Vec<Loop> {
    let place = |address: u64| function.binary_search_by_key(&address, |i| i.address).ok();
    let backward = |(end, i): (usize, &Instruction)| {
        let start = place(i.target()?)?;
        (start <= end).then_some((start, end))
    };
    let spans: Vec<_> = function.iter().enumerate().filter_map(backward).collect();
    let is_innermost = |&&(start, end): &&(usize, usize)| {
        let holds = |&(s, e): &(usize, usize)| (s, e) != (start, end) && start <= s && e <= end;
        !spans.iter().any(holds) && !function[start..=end].iter().any(Instruction::leaves)
    };
    let inner = spans.iter().filter(is_innermost);
    inner.map(|&(start, end)| Loop { body: function[start..=end].to_vec() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
0000000000001000 <_ZN9normwatch6kernel5panel>:
    1000:\tmov\tx0, #0x8                   \t// #8
    1004:\tldr\tq0, [x1]
    1008:\tfmla\tv1.4s, v0.4s, v2.s[0]
    100c:\tcbz\tx3, 1014 <_ZN9normwatch6kernel5panel+0x14>
    1010:\tfmla\tv3.4s, v0.4s, v2.s[1]
    1014:\tsubs\tx0, x0, #0x1
    1018:\tb.ne\t1004 <_ZN9normwatch6kernel5panel+0x4>  // b.any
    101c:\tcbnz\tx4, 1000 <_ZN9normwatch6kernel5panel>
    1020:\tret

0000000000002000 <other>:
    2000:\tfmla\tv1.4s, v0.4s, v2.s[0]
    2004:\tb\t2000 <other>
0000000000003000 <_ZN9normwatch6kernel4call>:
    3000:\tbl\t2000 <other>
    3004:\tb\t3000 <_ZN9normwatch6kernel4call>
";

    #[test]
    fn only_the_inner_loop_of_ours_is_found() {
        let loops = innermost(TEXT.as_bytes(), "normwatch").unwrap();
        let [found] = &loops[..] else { panic!("{loops:?}") };
        assert_eq!((found.address(), found.len(), found.count(&["fmla"], "4s")), (0x1004, 6, 2));
        assert_eq!(found.count(&["fmla"], "2d") + found.count(&["ldr"], "4s"), 0);
        let expected = "ldr\tq0, [x1]\nfmla\tv1.4s, v0.4s, v2.s[0]\n\
                        fmla\tv3.4s, v0.4s, v2.s[1]\nsubs\tx0, x0, #0x1\n";
        assert_eq!(found.source(), expected);
    }
}
