-- Shared preamble, behind that of revocations: what was revoked of a token.

-- Whether a token that was issued at a second is revoked, and a list of topic, reason of the topics that it grants no more.
local function token_revoked(user_key, token_key, issued, now)
	local token = redis.pcall('HGET', token_key, 'jti')
	local fields = revocations_of(user_key)
	if not fields or token and (type(token) == 'table' or is_revoked(token, issued, now)) then
		return true
	end
	local topics = {}
	for i = 1, #fields, 2 do
		if fields[i] == '*' or string.sub(fields[i], 1, 3) == 'ch:' then
			if is_revoked(fields[i + 1], issued, now) then
				if fields[i] == '*' then
					return true
				end
				local _, _, _, reason = revocation_parse(fields[i + 1])
				topics[#topics + 1] = string.sub(fields[i], 4)
				topics[#topics + 1] = reason or 'revoked'
			end
		end
	end
	return false, topics
end
