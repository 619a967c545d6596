//! What goes on in the background: asking about messages, and tidying up.

use std::sync::Arc;
use std::time::Duration;

use sesame_connector::Source;
use sesame_passcode::Passcodes;
use sesame_passcode::store::StoreResult;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::config::ConversionsConfig;

/// Between two rounds; up to half as much again is added, so that several
/// servers do not all ask in the same moment.
const PAUSE: Duration = Duration::from_secs(1);
/// Where there was more than one round could do.
const BUSY: Duration = Duration::from_millis(50);

/// Works until it is told to stop.
pub(crate) async fn run(
    passcodes: Passcodes,
    mut clock: Clock,
    source: Arc<dyn Source>,
    mut stop: watch::Receiver<bool>,
) {
    let mut is_failing = false;
    loop {
        let is_right = tokio::select! {
            is_right = clock.is_right() => is_right,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let ticked = match is_right {
            true => passcodes.tick().await,
            false => passcodes.tick_and_keep().await,
        };
        let pause = match ticked {
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

/// Tells the provider of codes that came back, until it is told to stop. Nothing
/// waits for it, and what it was about when it stopped comes again.
pub(crate) async fn tell(
    passcodes: Passcodes,
    what: ConversionsConfig,
    source: Arc<dyn Source>,
    mut stop: watch::Receiver<bool>,
) {
    let mut is_failing = false;
    loop {
        let told = tokio::select! {
            told = tell_once(&passcodes, what) => told,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let pause = match told {
            Ok(0) => jittered(&*source),
            Ok(_) => BUSY,
            Err(_) => PAUSE * 10,
        };
        match told {
            Ok(_) => is_failing = false,
            Err(error) if !std::mem::replace(&mut is_failing, true) => {
                tracing::warn!(%error, "the provider cannot be told of codes that came back; trying again");
            }
            Err(_) => {}
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Gives how many messages were told of.
async fn tell_once(passcodes: &Passcodes, what: ConversionsConfig) -> StoreResult<usize> {
    if what.rate {
        passcodes.tell_conversion_rate().await?;
    }
    if what.messages {
        return passcodes.tell_conversions().await;
    }
    Ok(0)
}

fn jittered(source: &dyn Source) -> Duration {
    let mut byte = [0];
    source.fill(&mut byte);
    PAUSE + PAUSE / 2 * u32::from(byte[0]) / 255
}
