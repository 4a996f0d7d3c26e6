#!lua
-- Asks whether the server takes writes, and writes nothing: a script without the flag `no-writes` is refused as a whole
-- where a write would be (READONLY, NOREPLICAS, OOM, MISCONF). Needs no key, so no right to one.
--
-- KEYS  none
-- ARGV  none
-- Returns "OK".

return 'OK'
