-- Shared preamble: what a node wrote last.

-- Notes that a node spoke: `value`, "link.count", is one that it never uses twice. `link` numbers the command connections of
-- its process. What comes by an older one than it has used since was sent before that broke, and must change nothing any more.
-- Returns whether the node may go on.
local function note_renewal(renewals_key, node, value)
	local known = redis.call('HGET', renewals_key, node)
	local dot = string.find(value, '.', 1, true)
	if known and string.sub(known, 1, dot) ~= string.sub(value, 1, dot) then
		local link = tonumber(string.match(known, '^(%d+)%.%d+$'))
		if link and link > tonumber(string.sub(value, 1, dot - 1)) then
			return false
		end
	end
	redis.call('HSET', renewals_key, node, value)
	return true
end

local STALE = 'STALE the node has used a newer connection since'
