-- Stores a ticket, unless its user has as many that are not spent as may be, or the token that it is made of is revoked.
--
-- KEYS  1 ticket  2 tickets of this user that are not spent, and when each ends
--       where it is made of a token: 3 revocations of this user  4 revocation of the token (no such key where it has no id)
-- ARGV  1 digest of the ticket, which its key ends with  2 its life in ms  3 the longest life of a ticket in ms
--       4 tickets that a user may have  5 when the right was issued, in seconds
--       then the fields of the right, each a name and a value
-- Returns {"issued", ms since the epoch at which it ends}, {"full", ms until the first of the others ends} or {"revoked"}.

local now = time_ms()
if KEYS[3] and redis.call('EXISTS', KEYS[3], KEYS[4]) > 0 and token_revoked(KEYS[3], KEYS[4], tonumber(ARGV[5]), now) then
	return {'revoked'}
end
local all = redis.pcall('HGETALL', KEYS[2])
if all.err then
	redis.call('UNLINK', KEYS[2])
	all = {}
end
local unspent, first, ended = 0, nil, {}
for i = 1, #all, 2 do
	local at = tonumber(string.match(all[i + 1], '^%d+$'))
	if at and at > now then
		unspent, first = unspent + 1, math.min(first or at, at)
	else
		ended[#ended + 1] = all[i]
	end
end
if ended[1] then
	redis.call('HDEL', KEYS[2], unpack(ended))
end
if unspent >= tonumber(ARGV[4]) then
	-- Where TIME went back, the others end with their key.
	return {'full', math.min(first - now, tonumber(ARGV[3]))}
end
local ends = now + ARGV[2]
local fields = {}
for i = 6, #ARGV do
	fields[#fields + 1] = ARGV[i]
end
redis.call('UNLINK', KEYS[1])
redis.call('HSET', KEYS[1], unpack(fields))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('HSET', KEYS[2], ARGV[1], string.format('%d', ends))
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return {'issued', ends}
