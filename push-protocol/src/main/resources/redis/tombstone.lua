-- Shared preamble: tombstones.

-- The longest time for which claims in vain keep a client away.
local TOMBSTONE_LIMIT_MS = 86400000
