-- Makes a connection the owner of a user. The id taken is the connection's generation and the point at which history
-- ends and live begins: whatever has a lower id is in the history, whatever has a higher one reaches the node.
-- May be sent again for the same connection when the outcome is unknown.
--
-- KEYS  1 clock  2 run  3 since  4 presence  5 lease of the node  6 tombstone of this user and client
--       7 takeovers of this user  8 renewals  9 what this user's streams may not have received
--       10 opens of this user  11 revocations of this user  12 revocation of the token (no such key where it has no id)
--       13 what was written to this user and client and is not acknowledged
--       where it comes by a ticket: 14 ticket  15 tickets of this user that are not spent
-- ARGV  1 run id of the server  2 highest id seen  3 durable  4 prefix of keys  5 prefix of pub/sub channels
--       6 user  7 node  8 connection  9 client  10 tier  11 lease in ms  12 life of a tombstone in ms
--       13 takeovers that a user may have within a time ("0": any number)  14 that time in ms
--       15 page, "" where it is not known  16 four numbers, which few claims need: replacements without a page that make a
--       takeover, ms from one to the next, returns of a displaced page that make a takeover, within ms
--       17 value of this claim for renewals  18 cursor, "0-0" for none
--       19 opens that a user may have within the time of 14 ("0": any number)  20 when the token was issued, in seconds
--       where it comes by a ticket: 21 digest of the ticket  22 attempt, "" for none
-- Returns {"owner", generation, head_id, loss_floor, "" or up to which id, below the cursor, the user's channel was surely
-- received, how many opens the user had with this one, ms until they are counted anew (0, 0 where they are not limited, or the
-- user is owned already), "" or ids up to the cursor that the client did not acknowledge, then topic, reason of each topic that the
-- token grants no more}, {"revoked", head_id, head_id,
-- loss_floor}: the token is, {"kicked", generation that displaced this client, head_id, loss_floor}, {"limited" or "opens", ms
-- until takeovers or opens are counted anew, head_id, loss_floor} or {"ticket", "unknown" or "spent", head_id, loss_floor}:
-- then the owner stays.
-- A ticket is spent where the answer is "owner", and only there.
-- "kicked" writes that the client tried: it is kept away for the life of a tombstone from its last claim on.

if not note_renewal(KEYS[8], ARGV[7], ARGV[17]) then
	return redis.error_reply(STALE)
end
local head_id, loss_floor, displaced_by, events = clock_guard(KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[2], ARGV[3], KEYS[6],
	ARGV[4] .. 'events')
local prefix, channels, user, node, connection, client = ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9]

if redis.call('PEXPIRE', KEYS[5], ARGV[11]) == 0 then
	redis.call('SET', KEYS[5], '1', 'PX', ARGV[11])
end

local now = time_ms()
local revoked_topics = {}
local rare = redis.call('EXISTS', KEYS[11], KEYS[12], KEYS[13]) > 0
if rare and redis.call('EXISTS', KEYS[11], KEYS[12]) > 0 then
	--+ revocation
	--+ revoked-token
	--+ owner
	local revoked
	revoked, revoked_topics = token_revoked(KEYS[11], KEYS[12], tonumber(ARGV[20]), now)
	if revoked then
		-- An earlier claim of this connection may have been done.
		local value = redis.call('HGET', KEYS[4], user)
		local owner = value and owner_parse(value)
		if owner and owner.connection == connection then
			redis.call('HDEL', KEYS[4], user)
			if events then
				--+ presence-events
				user_left(prefix, events, user, owner, 'revoked', now)
			end
		end
		return {'revoked', head_id, head_id, loss_floor}
	end
end

-- A tombstone answers every claim of its client, repeated ones too; one from before a data loss is void. Each such claim
-- lengthens its life, so that a client that tries again and again never owns by time alone. The generation says when it began.
local displaced_ms = displaced_by and id_parts(displaced_by)
if displaced_ms and not id_above(loss_floor, displaced_by) then
	local life = math.min(tonumber(ARGV[12]), displaced_ms + TOMBSTONE_LIMIT_MS - now)
	if life > 0 then
		redis.call('PEXPIRE', KEYS[6], string.format('%.0f', life), 'GT')
	end
	return {'kicked', displaced_by, head_id, loss_floor}
end

-- The record stays: should the answer or the gap that follows from it be lost, the next claim needs it again.
local hidden_from = ''
if ARGV[18] ~= '0-0' then
	--+ hidden
	local hidden, from, to = hidden_read(KEYS[9])
	if hidden and not from then
		-- It may have named any stretch up to now.
		from, to = '0-1', head_id
		redis.call('UNLINK', KEYS[9])
		redis.call('SET', KEYS[9], from .. ' ' .. to, 'PX', HIDDEN_MS)
	end
	if from and id_above(ARGV[18], from) and not id_above(ARGV[18], to) then
		hidden_from = from
	end
end

-- The record stays, as that of what is hidden. A cursor above the clock is of no use.
local unacknowledged = ''
if rare and redis.call('EXISTS', KEYS[13]) == 1 then
	--+ unacknowledged
	unacknowledged = unacknowledged_take(KEYS[13], id_above(ARGV[18], head_id) and '0-0' or ARGV[18])
end

local value, victim = redis.call('HGET', KEYS[4], user), nil
if value then
	--+ owner
	victim = owner_parse(value)
	if victim and victim.connection == connection then
		return {'owner', victim.generation, head_id, loss_floor, hidden_from, 0, 0, unacknowledged, unpack(revoked_topics)}
	end
end

-- Before anything is counted: a client without a right counts for nothing.
local ticket, spend = KEYS[14], nil
if ticket then
	--+ tickets
	local refusal = ticket_refusal(ticket, connection, ARGV[22])
	if refusal then
		return {'ticket', refusal, head_id, loss_floor}
	end
	spend = ticket_spend
end

local owner = {
	node = node, connection = connection, generation = '', client = client, opened_at = string.format('%d', now),
	tier = ARGV[10], page = ARGV[15], replaced = '', window = ''
}
local verdict
if victim and victim.client == client then
	-- Only pages of one client can be twins.
	--+ succession
	verdict = succeed(owner, victim, now, ARGV[16], ARGV[12])
	if verdict == 'stopped' then
		redis.call('HSET', KEYS[4], user, owner_format(victim))
		return {'kicked', victim.generation, head_id, loss_floor}
	end
else
	verdict = owner_begin(owner, victim, owner.opened_at)
end

local left = verdict == 'takeover' and ARGV[13] ~= '0' and count_refused(KEYS[7], tonumber(ARGV[13]), ARGV[14], true)
if left then
	return {'limited', left, head_id, loss_floor}
end
local opened, reset = 0, 0
if ARGV[19] ~= '0' then
	left, opened = count_refused(KEYS[10], tonumber(ARGV[19]), ARGV[14], not value)
	if left then
		if verdict == 'takeover' and ARGV[13] ~= '0' then
			-- A refused request counts for nothing.
			redis.call('DECR', KEYS[7])
		end
		return {'opens', left, head_id, loss_floor}
	end
	reset = opened == 1 and tonumber(ARGV[14]) or redis.call('PTTL', KEYS[10])
end

if ticket then
	spend(ticket, KEYS[15], ARGV[21], connection, ARGV[22])
end
local generation = id_after(head_id, now)
redis.call('SET', KEYS[1], generation, 'KEEPTTL')
if not victim and (value or presence_uncertain(loss_floor, now)) then
	-- The owner that it displaces cannot be read, or the store may have forgotten it: all nodes receive
	-- "D generation connection client user\n".
	redis.call('PUBLISH', channels .. 'ch:all',
		'D ' .. generation .. ' ' .. connection .. ' ' .. client .. ' ' .. user .. '\n')
end
owner.generation = generation
if victim then
	--+ kick
	--+ displacement
	displace(prefix, channels, user, victim, owner, verdict, ARGV[12])
end
if events then
	--+ presence-events
	if victim then
		stream_ended(prefix, events, user, victim, verdict == 'takeover' and 'takeover' or 'replaced', now)
	elseif not value then
		user_came(prefix, events, user, generation, now)
	end
end
redis.call('HSET', KEYS[4], user, owner_format(owner))
return {'owner', generation, generation, loss_floor, hidden_from, opened, reset, unacknowledged, unpack(revoked_topics)}
