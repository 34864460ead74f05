use std::os::unix::fs::PermissionsExt;

use normwatch::model::NetworkOptions;
use normwatch::signature::PublicKey;

use super::*;
use crate::cli::run_args;

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/walkway-edge");
        fs::create_dir(place.path("bundle")).unwrap();
        for entry in fs::read_dir(model).unwrap() {
            let file = entry.unwrap().path();
            fs::copy(&file, place.path("bundle").join(file.file_name().unwrap())).unwrap();
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, args: &[&str]) -> Result<()> {
        let paths = args.iter().map(|arg| match *arg {
            flag if flag.starts_with("--") || flag == "sign" => flag.to_owned(),
            file => self.path(file).display().to_string(),
        });
        let args: Vec<String> = paths.collect();
        run_args(&args.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn signed(self, flags: &[&str]) -> Self {
        self.run(&["sign", "--new-key", "k"]).unwrap();
        self.run(&[&["sign", "bundle", "--key", "k"], flags].concat()).unwrap();
        self
    }

    fn load(&self, keys: &[PublicKey]) -> Result<(), String> {
        let loaded = Bundle::load_signed(&self.path("bundle"), NetworkOptions::default(), keys);
        loaded.map(drop).map_err(|e| e.to_string())
    }

    /// Refused for a reason that has these words in it.
    fn refuses(&self, keys: &[PublicKey], words: &str) {
        let error = self.load(keys).unwrap_err();
        assert!(error.contains(words), "{error}");
    }

    fn change(&self, file: &str, change: impl FnOnce(String) -> String) {
        let path = self.path("bundle").join(file);
        fs::write(&path, change(fs::read_to_string(&path).unwrap())).unwrap();
    }
}

fn public_key(file: &Path) -> PublicKey {
    let text = fs::read_to_string(file).unwrap();
    PublicKey::parse(text.lines().nth(1).unwrap()).unwrap()
}

#[test]
fn a_signed_bundle_loads_with_its_key_alone() {
    let place = Place::new().signed(&[]);
    place.run(&["sign", "--new-key", "other"]).unwrap();
    let [own, other] = ["k.pub", "other.pub"].map(|file| public_key(&place.path(file)));
    place.load(&[]).unwrap();
    place.load(std::slice::from_ref(&own)).unwrap();
    place.load(&[other.clone(), own]).unwrap();
    place.refuses(&[other], "is not a signature of signed.txt by a key of");
    let mode = fs::metadata(place.path("k")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, OWNER_ONLY);
}

#[test]
fn an_unsigned_bundle_is_refused_where_there_are_keys() {
    let place = Place::new();
    place.run(&["sign", "--new-key", "k"]).unwrap();
    let key = [public_key(&place.path("k.pub"))];
    place.refuses(&key, "takes signed bundles only");
    place.load(&[]).unwrap();
    place.run(&["sign", "bundle", "--key", "k"]).unwrap();
    fs::remove_file(place.path("bundle/signed.txt.minisig")).unwrap();
    place.refuses(&key, "signed.txt.minisig: is not there");
}

#[test]
fn what_was_changed_after_the_signature_is_refused() {
    let place = Place::new().signed(&[]);
    let key = [public_key(&place.path("k.pub"))];
    place.change("manifest.toml", |text| text.replace("lambda = 0.6", "lambda = 0.7"));
    place.refuses(&key, "the manifest says something else by now");
    let place = Place::new().signed(&[]);
    let key = [public_key(&place.path("k.pub"))];
    place.change("signed.txt", |text| text + "\n");
    place.refuses(&key, "is not a signature of signed.txt");
    let place = Place::new().signed(&[]);
    let key = [public_key(&place.path("k.pub"))];
    place.change("signed.txt.minisig", |text| text.replace("normwatch", "somebody else's"));
    place.load(&key).unwrap();
    place.change("signed.txt.minisig", |text| text.replace("walkway-edge", "another"));
    place.refuses(&key, "is not a signature of signed.txt");
}

#[test]
fn a_calibration_may_change_where_the_network_alone_was_signed() {
    let calibrate = |place: &Place| {
        let mut bundle = Bundle::load(&place.path("bundle")).unwrap();
        let text = bundle.calibration_text().unwrap().unwrap().replace("walkway-later", "again");
        bundle.store_calibration(&text, None).unwrap();
    };
    for (flags, is_open) in [(&[][..], false), (&["--network-alone"][..], true)] {
        let place = Place::new().signed(flags);
        let key = [public_key(&place.path("k.pub"))];
        place.load(&key).unwrap();
        calibrate(&place);
        assert_eq!(place.load(&key).is_ok(), is_open);
    }
}

#[test]
fn a_key_with_a_password_wants_it() {
    let place = Place::new();
    fs::write(place.path("p"), "correct horse\n").unwrap();
    fs::write(place.path("q"), "battery staple\n").unwrap();
    place.run(&["sign", "--new-key", "k", "--password-file", "p"]).unwrap();
    let sign = |flags: &[&str]| place.run(&[&["sign", "bundle", "--key", "k"], flags].concat());
    for (flags, words) in [
        (&[][..], "give it by `--password-file`"),
        (&["--password-file", "q"][..], "this is not its password"),
    ] {
        let error = format!("{:#}", sign(flags).unwrap_err());
        assert!(error.contains(words), "{error}");
    }
    sign(&["--password-file", "p"]).unwrap();
    place.load(&[public_key(&place.path("k.pub"))]).unwrap();
}

#[test]
fn what_is_no_key_is_said_and_no_key_is_overwritten() {
    let place = Place::new();
    fs::write(place.path("k"), "a diary").unwrap();
    let error = place.run(&["sign", "bundle", "--key", "k"]).unwrap_err();
    assert!(format!("{error:#}").contains("k: not a secret key of minisign"), "{error:#}");
    let error = place.run(&["sign", "--new-key", "k"]).unwrap_err();
    assert!(format!("{error:#}").contains("a key is never overwritten"), "{error:#}");
    assert_eq!(fs::read_to_string(place.path("k")).unwrap(), "a diary");
    assert!(PublicKey::parse("RWQnot").is_err());
}
