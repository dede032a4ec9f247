//! An environment in which nothing of this machine's user is seen: no profile, no credentials, no configuration, no home.

use std::path::PathBuf;

/// The program built here, or the one that `EDATOP_BINARY` names.
#[allow(dead_code, reason = "each test file uses its part")]
pub fn program() -> String {
    std::env::var("EDATOP_BINARY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_edatop").to_owned())
}

/// A folder of its own, empty at first. It goes when the test is through with it, unless it is kept.
pub struct Home {
    pub folder: PathBuf,
    kept: bool,
}

impl Home {
    /// `name` must be the test's own: tests run side by side.
    pub fn new(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("home-{name}"));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let home = Self { folder, kept: false };
        home.write("aws-config", "");
        home.write("aws-credentials", "");
        home
    }

    /// For whoever looks into what went wrong.
    #[allow(dead_code, reason = "each test file uses its part")]
    pub fn keep(&mut self) {
        self.kept = true;
    }

    /// Writes a file and says where it is.
    pub fn write(&self, name: &str, text: &str) -> String {
        let path = self.folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The whole environment.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let path = |name: &str| self.folder.join(name).to_str().unwrap().to_owned();
        vec![
            ("HOME", path("")),
            ("XDG_CONFIG_HOME", path("config")),
            ("AWS_CONFIG_FILE", path("aws-config")),
            ("AWS_SHARED_CREDENTIALS_FILE", path("aws-credentials")),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("TERM", "xterm-256color".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            // Else the terminal would be asked for its background, and keys typed before it answers are part of the answer.
            ("EDATOP_THEME", "dark".to_owned()),
            ("TZ", "UTC".to_owned()),
        ]
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if !self.kept {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}
