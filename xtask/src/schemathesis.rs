//! Schemathesis over the OpenAPI document, against a live server: nothing it
//! thinks of gets an answer that the document does not have, nor a 5xx but the
//! documented 503.
//!
//! What it asks and how long is in `tests/schemathesis`.

use std::time::Duration;

use anyhow::Result;

use crate::sdks;
use crate::server::run_within;
use crate::site::{Plan, REPORT_SECRET, Site};
use crate::workspace::Workspace;

/// It needs about two minutes.
const WITHIN: Duration = Duration::from_secs(900);

/// Limits that do not keep everything after the first minute from being tried.
const POLICY: &str = "
[policy]
number = [{ messages = 20, secs = 60 }]
ip_per_hour = 0
[policy.prefix]
per_hour = 0
per_day = 0
share = 1.0
[policy.country]
per_hour = 0
per_day = 0
share = 1.0
[log]
level = \"warn\"
";

pub(crate) fn test(workspace: &Workspace) -> Result<()> {
    let sources = workspace.root.join("tests/schemathesis");
    let installed = workspace.target.join("schemathesis/python");
    let python = sdks::python_with(workspace, &sources.join("requirements.txt"), &installed)?;
    let site = Site::new(
        workspace,
        &Plan {
            name: "schemathesis/site",
            servers: 1,
            records: "sqlite",
            journal: "sqlite",
            more: POLICY,
        },
    )?;
    let server = site.start(0, "warn")?;
    let mut command = workspace.command(python.with_file_name(if cfg!(windows) {
        "schemathesis.exe"
    } else {
        "schemathesis"
    }));
    // What it leaves behind it leaves where it stands.
    command.current_dir(&site.folder).arg("--config-file");
    command.arg(sources.join("schemathesis.toml"));
    command.args(["run", &format!("{}/openapi.json", server.url)]);
    command.env("SESAME_API_KEY", site.api_key()?);
    command.env("SESAME_REPORT_SECRET", REPORT_SECRET);
    command.env("PYTHONUTF8", "1").env("NO_COLOR", "1");
    for proxy in ["http_proxy", "https_proxy", "all_proxy"] {
        command.env_remove(proxy).env_remove(proxy.to_uppercase());
    }
    run_within(WITHIN, command)
}
