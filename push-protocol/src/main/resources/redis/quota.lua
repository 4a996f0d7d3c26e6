-- Shared preamble: what a caller has used of its quotas.
--
-- Two quotas, of bytes and of new channels, each by the generic cell rate algorithm (ITU-T I.371): one time, at which the quota
-- is whole again if nothing more is taken. A charge moves it ahead by what the quota needs to grow back, and is refused where
-- it would lie further ahead than a whole quota takes. What is larger than the whole quota needs all of it, and what is above
-- is owed: it passes once, and the rate holds in the long run. Times are in us of TIME.

-- No debt lasts longer than a day, so what lies further ahead was not written here.
local LONGEST_DEBT = 86400000000

-- Returns the time, and how much later each quota is whole again. What is no account counts as nothing used.
local function quota_open(key)
	local time, kept = redis.call('TIME'), redis.pcall('GET', key)
	local now = time[1] * 1000000 + time[2]
	local space = type(kept) == 'string' and string.find(kept, ' ', 1, true)
	local bytes = (space and tonumber(string.sub(kept, 1, space - 1)) or 0) - now
	local channels = (space and tonumber(string.sub(kept, space + 1)) or 0) - now
	return now, bytes > 0 and bytes <= LONGEST_DEBT and bytes or 0, channels > 0 and channels <= LONGEST_DEBT and channels or 0
end

-- Whether a charge is refused, where so much is used of a quota that takes `whole` to grow back: nil, or "<policy> <ms to wait>".
local function quota_refusal(policy, charge, used, whole)
	local wait = used + (charge < whole and charge or whole) - whole
	if wait > 0 then
		return string.format('%s %d', policy, math.ceil(wait / 1000))
	end
end
