-- Shared preamble, behind those of ids and of revocations: the log of revocations, a stream that renewals read. So a node that
-- missed the call which ends streams finds what it missed before anything proves them again.
--
-- An entry names what was revoked, and `p`, the id of the entry before it. The value stands in the hash alone: one that was
-- lifted meanwhile ends nothing.

-- Entries that are kept. A node for which it does not reach back cannot know what it missed.
local LOGGED = 100000

-- Entries that one renewal reads.
local LOG_PAGE = 100

local function log_last(key)
	local last = redis.pcall('XREVRANGE', key, '+', '-', 'COUNT', 1)
	return not last.err and last[1] and last[1][1] or '0-0'
end

local function log_add(key, id, keep, user, token, topic)
	local function add(before)
		return redis.pcall('XADD', key, 'MAXLEN', '~', LOGGED, id, 'u', user, 't', token, 'c', topic, 'p', before)
	end
	local added = add(log_last(key))
	if added.err then
		-- Another type, or above the clock: nothing that it holds can be told from what is new.
		redis.call('UNLINK', key)
		added = add('0-0')
		if added.err then
			error(added)
		end
	end
	if redis.call('PTTL', key) < keep then
		redis.call('PEXPIRE', key, string.format('%.0f', keep))
	end
end

-- What was revoked since an entry ("" to begin): the id of the last entry read, "more" where there are others, "behind" where the log
-- does not reach back or "", and a list of user, token, topic, value of those that are in force.
local function log_since(prefix, key, since)
	if since == '' then
		return log_last(key), '', {}
	end
	local entries = redis.pcall('XRANGE', key, '(' .. since, '+', 'COUNT', LOG_PAGE)
	if entries.err or not entries[1] then
		return since, '', {}
	end
	local found = {}
	for i = 1, #entries do
		local entry = {}
		local fields = entries[i][2]
		for j = 1, #fields, 2 do
			entry[fields[j]] = fields[j + 1]
		end
		local user, token, topic = entry.u or '', entry.t or '', entry.c or ''
		if i == 1 and entry.p and id_above(entry.p, since) then
			return log_last(key), 'behind', {}
		end
		local value
		if token ~= '' then
			value = redis.pcall('HGET', prefix .. 'revoked:jti:' .. token, 'jti')
		else
			value = redis.pcall('HGET', prefix .. 'revoked:' .. user, topic == '' and '*' or 'ch:' .. topic)
		end
		if value then
			found[#found + 1] = user
			found[#found + 1] = token
			found[#found + 1] = topic
			found[#found + 1] = type(value) == 'string' and value or ''
		end
	end
	return entries[#entries][1], #entries == LOG_PAGE and 'more' or '', found
end
