-- Shared preamble: the verdict of a message.

-- Gives a verdict, unless one was given. `more` are further members of an object in JSON. Returns whether it was this one.
local function verdict_give(prefix, length, user, id, now, kind, more)
	redis.call('ZREM', prefix .. 'awaited:' .. user, id)
	if redis.call('ZREM', prefix .. 'awaited', id .. ' ' .. user) == 0 then
		return false
	end
	redis.call('XADD', prefix .. 'receipts', 'MAXLEN', '~', length, '*', 'type', kind, 'user', user, 'body',
		string.format('{"version":1,"type":"%s","at":%.0f,"data":{"user":%s,"id":"%s"%s}}', kind, now, cjson.encode(user), id,
			more))
	return true
end
