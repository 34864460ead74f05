//! What would keep the output from working, as far as this machine shows it.

use crate::config::MqttSection;
use crate::secret::password;

/// What is wrong, in sentences for people; empty where nothing is.
pub fn concerns(section: &MqttSection) -> Vec<String> {
    let secret = section.password_file.as_deref().and_then(|path| {
        let error = password(path).err()?;
        Some(format!(
            "`password_file` of [output.mqtt] cannot be used: {}: {error}; nothing would be \
             published",
            path.display()
        ))
    });
    let encryption = (section.tls && !cfg!(feature = "tls")).then(|| {
        "this program was built without the feature `tls`: [output.mqtt] would publish nothing"
            .to_owned()
    });
    secret.into_iter().chain(encryption).collect()
}
