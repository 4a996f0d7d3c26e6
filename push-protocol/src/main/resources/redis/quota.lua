-- Shared preamble: what a caller has used of its quotas.
--
-- Two quotas, of bytes and of new channels, each by the generic cell rate algorithm (ITU-T I.371): one time, at which the quota
-- is whole again if nothing more is taken. A charge moves it ahead by what the quota needs to grow back, and is refused where
-- it would lie further ahead than a whole quota takes. What is larger than the whole quota needs all of it, and what is above
-- is owed: it passes once, and the rate holds in the long run.

-- No debt lasts longer than a day, so what lies further ahead was not written here.
local LONGEST_DEBT_MS = 86400000

-- Opens the quotas of one call. Each takes two numbers: ms in which one unit grows back ("0": no quota), and ms in which all of
-- it does. What is kept under `key` and has another form counts as nothing used.
-- refusal(weight) says whether a message of so many bytes may begin, or nil; refusal_of_channel() the same of one new channel more of
-- it. Each answers "<policy> <ms to wait>". charge() takes for the message what was asked for since refusal().
local function quota_open(key, byte_ms, burst_ms, channel_ms, channels_ms)
	byte_ms, burst_ms, channel_ms, channels_ms = byte_ms + 0, burst_ms + 0, channel_ms + 0, channels_ms + 0
	local time, kept = redis.call('TIME'), redis.pcall('GET', key)
	local now = time[1] * 1000 + time[2] / 1000
	local bytes_at, channels_at
	if type(kept) == 'string' then
		bytes_at, channels_at = string.match(kept, '^(%d+%.%d+) (%d+%.%d+)$')
	end
	local function used_ms(at, unit_ms)
		local used = at and tonumber(at) - now or 0
		return (unit_ms > 0 and used > 0 and used <= LONGEST_DEBT_MS) and used or 0
	end
	local bytes_used, channels_used = used_ms(bytes_at, byte_ms), used_ms(channels_at, channel_ms)
	local quota, changed, held, weight, further, channels = {}, false, nil, 0, false, 0
	local function refuse(policy, cost_ms, used, whole_ms)
		local wait = used + math.min(cost_ms, whole_ms) - whole_ms
		if wait > 0 then
			held = string.format('%s %.0f', policy, math.ceil(wait))
			return held
		end
	end
	-- `text` is a number of bytes; "-" for a further piece of a message, which is not refused any more; or "!" and the answer
	-- that an earlier message of the request got: no later one overtakes it.
	function quota.refusal(text)
		channels, further = 0, text == '-'
		if string.byte(text) == 33 then
			held = string.sub(text, 2)
		end
		weight = further and 0 or tonumber(text) or 0
		return not further and (held or byte_ms > 0 and refuse('bytes', weight * byte_ms, bytes_used, burst_ms)) or nil
	end
	function quota.refusal_of_channel()
		channels = channels + 1
		return not further and channel_ms > 0
			and refuse('new-channels', channels * channel_ms, channels_used, channels_ms) or nil
	end
	function quota.charge()
		local bytes = math.min(bytes_used + weight * byte_ms, LONGEST_DEBT_MS)
		local names = math.min(channels_used + channels * channel_ms, LONGEST_DEBT_MS)
		changed = changed or bytes > bytes_used or names > channels_used
		bytes_used, channels_used = bytes, names
	end
	-- Keeps what was charged until all of it has grown back, and returns it: "quota <ms> <ms>".
	function quota.close()
		if changed then
			redis.call('SET', key, string.format('%.3f %.3f', now + bytes_used, now + channels_used),
				'PX', string.format('%.0f', math.ceil(math.max(bytes_used, channels_used)) + 1))
		end
		return string.format('quota %.0f %.0f', math.ceil(bytes_used), math.ceil(channels_used))
	end
	return quota
end
