-- Spends a ticket for a connection that waits for a slot. One that has a slot spends it by its claim. May be sent again for the
-- same connection when the outcome is unknown.
--
-- KEYS  1 ticket  2 tickets of this user that are not spent
--       3 revocations of this user  4 revocation of the token that the ticket is for (no such key where it has no id)
-- ARGV  1 digest of the ticket  2 connection  3 attempt, "" for none  4 when the token was issued, in seconds
-- Returns "" or why it was not spent: "unknown", "spent" or "revoked".

if redis.call('EXISTS', KEYS[3], KEYS[4]) > 0 and token_revoked(KEYS[3], KEYS[4], tonumber(ARGV[4]), time_ms()) then
	return 'revoked'
end

local refusal = ticket_refusal(KEYS[1], ARGV[2], ARGV[3])
if refusal then
	return refusal
end
ticket_spend(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3])
return ''
