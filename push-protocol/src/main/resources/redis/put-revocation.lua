-- Revokes what tokens grant that were issued before a time, and writes it to the log that renewals read. A revocation of the
-- same only ever moves forward.
--
-- One that is restored was in force before: where it still is, or was lifted since, nothing is written.
--
-- KEYS  1 clock  2 since  3 log of revocations  4 the hash: of the user, or of the token  5 what was lifted of it
-- ARGV  1 highest id seen  2 field of the hash  3 issued before, in ms; "" for now  4 until, in ms; "+ms" for so long from now
--       5 how long it is kept, in ms  6 reason  7 user, "" for a token  8 hash of the token, "" for a user
--       9 topic, "" for all that a token grants  10 "1" to write it to the log  11 to restore it: when it was stored, in ms; or ""
-- Returns {"stored", its id, issued before, until, stored, all in ms, reason}, {"full"}: the user has as many revoked topics as
-- may be, or to restore {"held"} or {"lifted"}.

local function topics(key)
	return redis.call('HLEN', key) - redis.call('HEXISTS', key, '*') - redis.call('HEXISTS', key, 'jti')
end

-- When a revocation was lifted, in ms; nil where it was not.
local function lifted_at(key, field)
	local at = redis.pcall('HGET', key, field)
	return type(at) == 'string' and #at <= 15 and string.match(at, '^%d+$') and at + 0 or nil
end

local now = time_ms()
local field, reason = ARGV[2], ARGV[6]
local before = ARGV[3] == '' and now or tonumber(ARGV[3])
local ahead = string.match(ARGV[4], '^%+(%d+)$')
local till = ahead and now + ahead or tonumber(ARGV[4])
local keep = math.max(tonumber(ARGV[5]), till - now)

local known = redis.pcall('HGET', KEYS[4], field)
local lifted = lifted_at(KEYS[5], field)
if ARGV[11] ~= '' then
	if lifted and tonumber(ARGV[11]) <= lifted then
		return {'lifted'}
	end
	-- One that cannot be read refuses more.
	local known_before, known_till = math.huge, math.huge
	if type(known) == 'string' and revocation_parse(known) then
		known_before, known_till = revocation_parse(known)
	end
	if known and known_before >= before and known_till >= till then
		return {'held'}
	end
end
if type(known) == 'table' then
	redis.call('UNLINK', KEYS[4])
	known = false
end
if known then
	local known_before, known_till = revocation_parse(known)
	-- One that cannot be read stood for all that was issued up to now.
	before = math.max(before, known_before or now)
	till = math.max(till, known_till or 0)
	keep = math.max(keep, till - now)
elseif ARGV[9] ~= '' and topics(KEYS[4]) >= REVOKED_TOPICS then
	local fields = revocations_of(KEYS[4]) or {}
	for i = 1, #fields, 2 do
		local _, other_till, stored = revocation_parse(fields[i + 1])
		if stored and now - stored > tonumber(ARGV[5]) and other_till < now then
			redis.call('HDEL', KEYS[4], fields[i])
		end
	end
	if topics(KEYS[4]) >= REVOKED_TOPICS then
		return {'full'}
	end
end

-- So it can be told from what was lifted.
local stored_at = lifted and math.max(now, lifted + 1) or now
redis.call('HSET', KEYS[4], field, string.format('%.0f %.0f %.0f %s', before, till, stored_at, reason))
if redis.call('PTTL', KEYS[4]) < keep then
	redis.call('PEXPIRE', KEYS[4], string.format('%.0f', keep))
end
local _, _, _, id = clock_take(1, KEYS[1], KEYS[2], ARGV[1])
if ARGV[10] == '1' then
	log_add(KEYS[3], id, keep, ARGV[7], ARGV[8], ARGV[9])
end
local function text(ms)
	return string.format('%.0f', ms)
end
return {'stored', id, text(before), text(till), text(stored_at), reason}
