//! What would keep the output from working, as far as this machine shows it.

use super::secret::password;
use crate::config::MqttSection;

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
    secret.into_iter().collect()
}
