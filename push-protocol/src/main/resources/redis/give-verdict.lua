-- Shared preamble: the verdict of a message.

-- Gives the verdict that is awaited as "<id> <user>", unless it was given. `more` are further members of an object in JSON. Returns
-- whether it was this one.
local function verdict_give(prefix, awaited, now, kind, more)
	local id, user = string.match(awaited, '^(%S+) (.*)$')
	if redis.call('ZREM', prefix .. 'awaited', awaited) == 0 or not id then
		return false
	end
	redis.call('XADD', prefix .. 'receipts', '*', 'type', kind, 'user', user, 'body',
		string.format('{"version":1,"type":"%s","at":%.0f,"data":{"user":%s,"id":"%s"%s}}', kind, now, cjson.encode(user), id,
			more))
	return true
end
