-- Publishes one message to one or more channels: takes an id for each, appends to the history, hands it to the nodes.
-- The idempotency key is looked at before an id is taken, so a repeated request is answered exactly as the first was.
--
-- KEYS  1 clock  2 run  3 since  4 last  5 presence  6 idempotency record  7.. history stream of each channel
-- ARGV  1 run id of the server  2 highest id seen  3 prefix of the partition's keys and pub/sub channels
--       4 history length  5 history age in ms
--       6 "1" when ephemeral (takes an id, is not stored)
--       7 the message's own expiry in ms since the epoch, "0" for none
--       8 body hash, "" without an idempotency key  9 how long the idempotency record is kept, in ms
--       10 envelope  11.. channel names, in the order of the streams
-- A user's message goes to the node that presence names; for a while after a data loss, when presence names none, to all.
-- Returns {"ok" or "replayed", answer} or {"mismatch"}; answer is "id:online id:online …", online "1", "0", or "-" for a
-- channel that is no user's.

local run, seen, prefix, length, age = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local share = age / length
local ephemeral, expires, hash, envelope = ARGV[6] == '1', ARGV[7], ARGV[8], ARGV[10]

if hash ~= '' then
	local record = redis.call('GET', KEYS[6])
	if record then
		local bar = string.find(record, '|', 1, true)
		if string.sub(record, 1, bar - 1) ~= hash then
			return {'mismatch'}
		end
		return {'replayed', string.sub(record, bar + 1)}
	end
end

-- Appends to one channel's history. `last` keeps for a channel "id", or where messages with a ttl of their own came since:
-- "id durable expiry", the last id without a ttl and the latest expiry of those with one: a message past its own ttl is
-- no hole. Each entry carries what `last` said before it.
local function append(channel, stream_key, id, now, ms)
	local previous = redis.call('HGET', KEYS[4], channel)
	local state = id
	if expires ~= '0' then
		local durable, latest = nil, '0'
		if previous then
			local space = string.find(previous, ' ', 1, true)
			if space then
				durable, latest = string.match(previous, ' (%S+) (%S+)$')
			else
				durable = previous
			end
		else
			durable = redis.call('HGET', KEYS[4], '') or '0-0'
		end
		if tonumber(expires) > tonumber(latest) then
			latest = expires
		end
		state = id .. ' ' .. durable .. ' ' .. latest
	end
	redis.call('XADD', stream_key, 'MAXLEN', '=', length, id, 'p', previous or redis.call('HGET', KEYS[4], '') or '0-0', 'm', envelope)
	redis.call('HSET', KEYS[4], channel, state)
	-- The expiry must outlive every message by its age, also where messages come so steadily that none is ever old. The
	-- first one of each share of the age (age / length) trims and sets it anew; the others are spared two commands.
	-- Readers leave out what is too old in any case. A clock ahead of TIME says nothing about shares.
	local due = not previous or ms > now
		or math.floor(ms / share) ~= math.floor(id_parts(previous) / share)
	if due then
		redis.call('XTRIM', stream_key, 'MINID', string.format('%.0f', now - age))
		redis.call('PEXPIRE', stream_key, string.format('%.0f', age + share + 1000))
	end
end

local answers = {}
local uncertain
for i = 11, #ARGV do
	local channel = ARGV[i]
	local id, now, ms = clock_next(KEYS[1], KEYS[3], seen, KEYS[2], run)
	if not ephemeral then
		append(channel, KEYS[i - 4], id, now, ms)
	end
	if string.sub(channel, 1, 5) == 'user:' then
		local owner = redis.call('HGET', KEYS[5], string.sub(channel, 6))
		if owner then
			local node, connection = string.match(owner, '^(%S+) (%S+)')
			redis.call('PUBLISH', prefix .. 'node:' .. node, 'M ' .. id .. ' ' .. connection .. ' ' .. channel .. '\n' .. envelope)
		else
			if uncertain == nil then
				uncertain = presence_uncertain(redis.call('GET', KEYS[3]), now)
			end
			if uncertain then
				redis.call('PUBLISH', prefix .. 'ch:all', 'M ' .. id .. ' - ' .. channel .. '\n' .. envelope)
			end
		end
		answers[#answers + 1] = id .. (owner and ':1' or ':0')
	else
		redis.call('PUBLISH', prefix .. 'ch:' .. channel, 'M ' .. id .. ' - ' .. channel .. '\n' .. envelope)
		answers[#answers + 1] = id .. ':-'
	end
end

local answer = table.concat(answers, ' ')
if hash ~= '' then
	redis.call('SET', KEYS[6], hash .. '|' .. answer, 'PX', ARGV[9])
end
return {'ok', answer}
