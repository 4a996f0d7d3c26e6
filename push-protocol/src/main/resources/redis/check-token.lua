-- Whether a token is revoked, for a connection that is to wait for a slot. One that has a slot is told by its claim.
--
-- KEYS  1 revocations of this user  2 revocation of the token (no such key where it has no id)
-- ARGV  1 when the token was issued, in seconds
-- Returns 1 or 0.

if redis.call('EXISTS', KEYS[1], KEYS[2]) > 0 and token_revoked(KEYS[1], KEYS[2], tonumber(ARGV[1]), time_ms()) then
	return 1
end
return 0
