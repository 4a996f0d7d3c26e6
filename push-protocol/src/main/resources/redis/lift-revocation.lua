-- Lifts a revocation, and notes when: a process that stored it and does not know of it must not restore it.
--
-- KEYS  1 the hash: of the user, or of the token  2 what was lifted of it
-- ARGV  1 field of the hash  2 how long a revocation is kept, in ms
-- Returns 1 where there was one, 0 otherwise.

local field, keep = ARGV[1], tonumber(ARGV[2])
local now = time_ms()
local at = now
-- A block may be kept for longer.
local life = math.max(keep, redis.call('PTTL', KEYS[1]))
local known = redis.pcall('HGET', KEYS[1], field)
local removed
if type(known) == 'table' then
	-- It cannot be read, and refuses.
	removed = redis.call('UNLINK', KEYS[1])
else
	local _, _, stored = revocation_parse(known or '')
	at = math.max(now, stored or 0)
	removed = redis.call('HDEL', KEYS[1], field)
end

local count = redis.pcall('HLEN', KEYS[2])
if type(count) == 'table' then
	redis.call('UNLINK', KEYS[2])
elseif count >= REVOKED_TOPICS then
	-- The oldest makes room, and whatever is not needed any more.
	local all = redis.call('HGETALL', KEYS[2])
	local oldest, oldest_at
	for i = 1, #all, 2 do
		local other = tonumber(all[i + 1]) or 0
		if other < now - life then
			redis.call('HDEL', KEYS[2], all[i])
		elseif not oldest or other < oldest_at then
			oldest, oldest_at = all[i], other
		end
	end
	if oldest and redis.call('HLEN', KEYS[2]) >= REVOKED_TOPICS then
		redis.call('HDEL', KEYS[2], oldest)
	end
end
redis.call('HSET', KEYS[2], field, string.format('%.0f', at))
if redis.call('PTTL', KEYS[2]) < life then
	redis.call('PEXPIRE', KEYS[2], string.format('%.0f', life))
end
return removed
