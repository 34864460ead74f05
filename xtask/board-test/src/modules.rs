//! Finds a kernel's modules and the order in which they must be loaded.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// A kernel's loadable modules.
pub struct Modules {
    files: BTreeMap<String, PathBuf>,
    builtin: Vec<String>,
}

impl Modules {
    /// The modules below `lib/modules/RELEASE` of an unpacked kernel.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn find(folder: &Path) -> Result<Modules> {
        let mut files = BTreeMap::new();
        let mut folders = vec![folder.to_path_buf()];
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(&folder)
                .with_context(|| format!("cannot read {}", folder.display()))?;
            for entry in entries {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "ko") {
                    files.insert(name(&path), path);
                }
            }
        }
        let builtin = folder.join("modules.builtin");
        let builtin = fs::read_to_string(&builtin)
            .with_context(|| format!("cannot read {}", builtin.display()))?;
        let builtin = builtin.lines().map(|line| name(Path::new(line))).collect();
        Ok(Modules { files, builtin })
    }

    /// The files of `wanted` and of all modules that they need, each after
    /// those that it needs. What is built into the kernel is left out.
    ///
    /// # Errors
    /// The kernel has no such module.
    pub fn in_order(&self, wanted: &[&str]) -> Result<Vec<PathBuf>> {
        let mut order = Vec::new();
        for module in wanted {
            self.add(&module.replace('-', "_"), &mut order)?;
        }
        Ok(order)
    }

    fn add(&self, module: &str, order: &mut Vec<PathBuf>) -> Result<()> {
        let Some(file) = self.files.get(module) else {
            if self.builtin.iter().any(|name| name == module) {
                return Ok(());
            }
            bail!("the kernel has no module {module}");
        };
        if order.contains(file) {
            return Ok(());
        }
        let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        for needed in dependencies(&bytes) {
            self.add(&needed, order)?;
        }
        order.push(file.clone());
        Ok(())
    }
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().replace('-', "_")
}

/// What the `depends` tag in a module's `.modinfo` section lists.
fn dependencies(module: &[u8]) -> Vec<String> {
    const TAG: &[u8] = b"\0depends=";
    let Some(at) = module.windows(TAG.len()).position(|window| window == TAG) else {
        return Vec::new();
    };
    let value = module[at + TAG.len()..].split(|byte| *byte == 0).next().unwrap_or_default();
    let list = String::from_utf8_lossy(value);
    list.split(',').filter(|name| !name.is_empty()).map(|name| name.replace('-', "_")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_come_after_what_they_need() {
        let dir = tempfile::tempdir().unwrap();
        let write = |file: &str, depends: &str| {
            let bytes = format!("ELF\0license=GPL\0depends={depends}\0name=x\0");
            fs::write(dir.path().join(file), bytes).unwrap();
        };
        fs::write(dir.path().join("modules.builtin"), "kernel/fs/configfs.ko\n").unwrap();
        write("vivid.ko", "videodev,v4l2-tpg,configfs");
        write("v4l2-tpg.ko", "videodev");
        write("videodev.ko", "");
        let modules = Modules::find(dir.path()).unwrap();
        let order = modules.in_order(&["vivid", "videodev"]).unwrap();
        let names: Vec<String> = order.iter().map(|path| name(path)).collect();
        assert_eq!(names, ["videodev", "v4l2_tpg", "vivid"]);
        assert!(modules.in_order(&["absent"]).is_err());
    }
}
