//! What is done inside Valkey, each on one key. Times are microseconds as
//! text, which Lua's numbers hold exactly; versions are compared as text.

use redis::Script;

/// A swap.
///
/// Arguments: the expected version, or nothing; the new one; the time; the new
/// record; what is left of its life in milliseconds. Gives 1 if it was done,
/// or the record that is there instead, or nothing.
const SWAP: &str = "
local there = redis.call('GET', KEYS[1])
if there and tonumber(string.sub(there, 18, 37)) <= tonumber(ARGV[3]) then there = false end
local version = there and string.sub(there, 1, 16) or ''
if version == ARGV[1] then
  if tonumber(ARGV[5]) > 0 then redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5])
  else redis.call('DEL', KEYS[1]) end
  return 1
end
if version == ARGV[2] then return 1 end
return there
";

/// An addition to a counter, which is kept as its end and its total.
///
/// Arguments: the amount; the time; the end of the window; what is left of it
/// in milliseconds. Gives the total, as text.
const ADD: &str = "
local there = redis.call('GET', KEYS[1])
local total = 0
if there then
  local ends, found = string.match(there, '^(%-?%d+) (%d+)$')
  if tonumber(ends) > tonumber(ARGV[2]) then total = tonumber(found) end
end
if tonumber(ARGV[1]) == 0 then return string.format('%.0f', total) end
total = math.max(0, total + tonumber(ARGV[1]))
local text = string.format('%.0f', total)
if total > 0 and tonumber(ARGV[4]) > 0 then
  redis.call('SET', KEYS[1], ARGV[3] .. ' ' .. text, 'PX', ARGV[4])
else redis.call('DEL', KEYS[1]) end
return text
";

/// Both, with their hashes.
pub(super) struct Scripts {
    pub(super) swap: Prepared,
    pub(super) add: Prepared,
}

/// A script and its text, for a server that has not seen it yet.
pub(super) struct Prepared {
    pub(super) text: &'static str,
    pub(super) hash: String,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            swap: Prepared::new(SWAP),
            add: Prepared::new(ADD),
        }
    }
}

impl Prepared {
    fn new(text: &'static str) -> Self {
        let hash = Script::new(text).get_hash().to_owned();
        Self { text, hash }
    }
}
