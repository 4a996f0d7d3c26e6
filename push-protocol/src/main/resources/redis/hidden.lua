-- Shared preamble, behind that of ids: what a user's streams may not have received.
--
-- A stretch is "from to". A cursor above `from` and up to `to` was reached by a stream that
-- received its user's channel up to `from` for sure. It is kept for as long as a silent channel is remembered.

local HIDDEN_MS = 604800000

-- Whether a key holds anything, and the ids of the stretch where that is one.
local function hidden_read(key)
	local text = redis.pcall('GET', key)
	if not text then
		return false
	end
	local from, to = string.match(type(text) == 'string' and text or '', '^(%S+) (%S+)$')
	if from and id_parts(from) and id_parts(to) then
		return true, from, to
	end
	return true
end
