//! What goes on in the background: asking about messages, and tidying up.

use std::sync::Arc;
use std::time::Duration;

use sesame_connector::Source;
use sesame_passcode::Passcodes;
use tokio::sync::watch;

/// Between two rounds; up to half as much again is added, so that several
/// servers do not all ask in the same moment.
const PAUSE: Duration = Duration::from_secs(1);
/// Where there was more than one round could do.
const BUSY: Duration = Duration::from_millis(50);

/// Works until it is told to stop.
pub(crate) async fn run(
    passcodes: Passcodes,
    source: Arc<dyn Source>,
    mut stop: watch::Receiver<bool>,
) {
    let mut is_failing = false;
    loop {
        let pause = match passcodes.tick().await {
            Ok(ticked) => {
                if std::mem::take(&mut is_failing) {
                    tracing::info!("the work in the background goes on");
                }
                if ticked.is_busy() {
                    BUSY
                } else {
                    jittered(&*source)
                }
            }
            Err(error) => {
                // Once, and not every second.
                if !std::mem::replace(&mut is_failing, true) {
                    tracing::error!(%error, "the work in the background cannot go on; trying again");
                }
                jittered(&*source)
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

fn jittered(source: &dyn Source) -> Duration {
    let mut byte = [0];
    source.fill(&mut byte);
    PAUSE + PAUSE / 2 * u32::from(byte[0]) / 255
}
