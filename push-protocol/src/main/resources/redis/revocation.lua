-- Shared preamble: what was revoked.
--
-- `revoked:<user>` is a hash: its field "*" is about all tokens of the user, "ch:<topic>" about the topic that they grant.
-- `revoked:jti:<SHA-256 of a token's id>` is one with the field "jti". A value is "issued-before until stored reason", the times
-- in ms: it refuses what was issued in the second of the first or before, and everything up to the second ("0" for none).
-- `lifted:<user>` and `lifted:jti:<SHA-256>` have the same fields: when a revocation was lifted, in ms.
-- What cannot be read refuses: a right that was taken away must not come back by an accident.

-- Topics that may be revoked of one user, which bounds what a claim reads.
local REVOKED_TOPICS = 1000

-- Returns nothing for a value of another form.
local function revocation_parse(value)
	local before, till, stored, reason = string.match(value, '^(%d+) (%d+) (%d+) (.*)$')
	if before and #before <= 15 and #till <= 15 and #stored <= 15 then
		return before + 0, till + 0, stored + 0, reason
	end
end

-- Whether a value refuses a token that was issued at a second, now in ms.
local function is_revoked(value, issued, now)
	local before, till = revocation_parse(value)
	return not before or issued <= math.floor(before / 1000) or now < till
end

-- The fields of such a hash, or nil where it cannot be read.
local function revocations_of(key)
	local size = redis.pcall('HLEN', key)
	if type(size) == 'table' or size > REVOKED_TOPICS + 2 then
		return nil
	end
	return redis.call('HGETALL', key)
end
