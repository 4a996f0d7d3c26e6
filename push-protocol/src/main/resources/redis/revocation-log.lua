-- Shared preamble, behind those of ids and of revocations: the log of revocations, a stream that renewals read. So a node that
-- missed the call which ends streams finds what it missed before anything proves them again.
--
-- An entry names what was revoked, and `p`, the id of the entry before it. The value stands in the hash alone: one that was
-- lifted meanwhile ends nothing.

-- Entries that are kept. A node for which it does not reach back cannot know what it missed.
local LOGGED = 100000

-- Entries that one renewal reads.
local LOG_PAGE = 100

-- The last entry up to an id. Where it cannot be told, that id: a reader that begins there has missed nothing of what follows, and to
-- one that was there before it says that it may have.
local function log_last(key, head_id)
	local last = redis.pcall('XREVRANGE', key, head_id, '-', 'COUNT', 1)
	if last.err then
		return head_id
	elseif not last[1] then
		return '0-0'
	end
	return id_parts(last[1][1]) and last[1][1] or head_id
end

local function log_add(key, id, keep, user, token, topic)
	local before = log_last(key, id)
	local function add()
		return redis.pcall('XADD', key, 'MAXLEN', '~', LOGGED, id, 'u', user, 't', token, 'c', topic, 'p', before)
	end
	local added = add()
	if added.err then
		-- Another type, or it ends above the clock: nothing can be added. Who has not read up to `before` is told so.
		redis.call('UNLINK', key)
		added = add()
		if added.err then
			error(added)
		end
	end
	if redis.call('PTTL', key) < keep then
		redis.call('PEXPIRE', key, string.format('%.0f', keep))
	end
end

-- What was revoked since an entry ("" to begin): the id of the last entry read, "more" where there are others, "behind" where the log
-- does not reach back or "", and a list of user, token, topic, value of those that are in force. What lies above the head is
-- none of ours, nor is what has no id of the clock.
local function log_since(prefix, key, since, head_id)
	if since == '' then
		return log_last(key, head_id), '', {}
	elseif not id_parts(since) or id_above(since, head_id) then
		return log_last(key, head_id), 'behind', {}
	end
	local entries = redis.pcall('XRANGE', key, '(' .. since, head_id, 'COUNT', LOG_PAGE)
	if entries.err or not entries[1] then
		return since, '', {}
	end
	local found, read = {}, nil
	for i = 1, #entries do
		if id_parts(entries[i][1]) then
			local entry = {}
			local fields = entries[i][2]
			for j = 1, #fields, 2 do
				entry[fields[j]] = fields[j + 1]
			end
			local user, token, topic = entry.u or '', entry.t or '', entry.c or ''
			if not read and entry.p and id_above(entry.p, since) then
				return log_last(key, head_id), 'behind', {}
			end
			read = entries[i][1]
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
	end
	if #entries < LOG_PAGE then
		return read or since, '', found
	elseif not read then
		return log_last(key, head_id), 'behind', {}
	end
	return read, 'more', found
end
