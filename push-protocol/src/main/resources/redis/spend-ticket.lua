-- Spends a ticket for a connection that waits for a slot. One that has a slot spends it by its claim. May be sent again for the
-- same connection when the outcome is unknown.
--
-- KEYS  1 ticket  2 tickets of this user that are not spent
-- ARGV  1 digest of the ticket  2 connection  3 attempt, "" for none
-- Returns "" or why it was not spent: "unknown" or "spent".

local refusal = ticket_refusal(KEYS[1], ARGV[2], ARGV[3])
if refusal then
	return refusal
end
ticket_spend(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3])
return ''
