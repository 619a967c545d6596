//! How other programs write a client's address.

use std::net::{IpAddr, SocketAddr};

/// Reads an address by itself, in brackets, or with a port, as some proxies put
/// one behind it.
pub(crate) fn read(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let with_port = || text.parse().map(|it: SocketAddr| it.ip()).ok();
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    text.parse().ok().or_else(with_port).or_else(bracketed)
}

/// The same of the first in a list, which is how platforms pass on what proxies
/// told them.
pub(crate) fn first(text: &str) -> Option<IpAddr> {
    read(text.split(',').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_proxies_write_them() {
        for (text, said) in [
            ("192.0.2.7", "192.0.2.7"),
            (" 192.0.2.7:50123 ", "192.0.2.7"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:443", "2001:db8::7"),
        ] {
            assert_eq!(read(text).map(|it| it.to_string()).as_deref(), Some(said));
            assert_eq!(first(&format!("{text}, 10.0.0.1")), read(text));
        }
        for text in ["", "unknown", "192.0.2", "192.0.2.7:", "192.0.2.7/8", "5"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
