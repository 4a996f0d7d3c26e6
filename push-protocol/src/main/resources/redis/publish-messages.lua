-- Publishes messages, each to one or more channels, in the order told: takes an id for each channel, appends to the history,
-- hands it to the nodes. An idempotency key is looked at before an id is taken, so a repeated message is answered exactly as
-- the first was. Nothing else runs in Redis meanwhile: callers bound how many channels one call names, and how much it
-- appends (32 channels, 256 KiB); the call itself bounds how much it trims.
--
-- KEYS  1 clock  2 run  3 since  4 last  5 presence
--       then of each message: its idempotency record, if it has a key; the history stream of each channel
-- ARGV  1 run id of the server  2 highest id seen  3 prefix of pub/sub channels
--       4 history length  5 history age in ms
--       then of each message: how many channels; "1" when ephemeral (takes an id, is not stored); its own expiry in ms since
--       the epoch, "0" for none; envelope; body hash, "" without an idempotency key; with one, how long its record is kept, in ms
-- A user's message goes to the node that presence names; for a while after a data loss, when presence names none, to all.
-- Returns for each message "ok id:online id:online …", "replayed id:online …" or "mismatch"; online is "1", "0", or "-" for
-- a channel that is no user's.

local call, find, sub = redis.call, string.find, string.sub

local run, seen, channels, length, age = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local share = age / length
-- How many entries the call may still remove for their age, or for a length that was lowered.
local to_trim = 3 * TRIM_STEP
local name_at = #KEYS[1] - #'clock' + 4 -- in the key of a stream, behind the prefix of keys and "ch:"

-- The next id. The clock is set with the first one, to what the rest of the call may need: should it break off, no id is
-- given twice. `now` is when they were taken.
local now, ms, seq, last_seq, share_start, ahead
local function take(most)
	if not now then
		local last
		ms, seq, now, last = clock_take(most, KEYS[1], KEYS[3], seen, KEYS[2], run)
		last_seq, share_start = seq + most - 1, ms - ms % share
		ahead = ms - now < age and ms - now or age
		if most == 1 then
			return last
		end
	else
		seq = seq + 1
	end
	return ms .. '-' .. seq
end

-- Appends to one channel's history. `last` keeps for a channel "id", or where messages with a ttl of their own came since:
-- "id durable expiry", the last id without a ttl and the latest expiry of those with one: a message past its own ttl is
-- no hole. Each entry carries what `last` said before it.
local function append(channel, stream_key, id, expires, envelope)
	local previous = call('HGET', KEYS[4], channel)
	local before = previous or call('HGET', KEYS[4], '') or '0-0'
	local state = id
	if expires ~= '0' then
		local durable, latest = before, '0'
		if find(before, ' ', 1, true) then
			durable, latest = string.match(before, ' (%S+) (%S+)$')
		end
		if tonumber(expires) > tonumber(latest) then
			latest = expires
		end
		state = id .. ' ' .. durable .. ' ' .. latest
	end
	-- The length is exact; but where it was lowered, each message removes some of what is above it, not all at once.
	local most, excess = ARGV[4], call('XLEN', stream_key) + 1 - length
	if excess > 1 then
		local step = math.max(1, math.min(excess, TRIM_STEP, to_trim))
		most, to_trim = length + excess - step, to_trim - step
	end
	call('XADD', stream_key, 'MAXLEN', '=', most, id, 'p', before, 'm', envelope)
	call('HSET', KEYS[4], channel, state)
	-- The expiry must outlive every message by its age, also where messages come so steadily that none is ever old. The
	-- first one of each share of the age (age / length) trims and sets it anew; the others are spared two commands.
	-- Readers leave out what is too old in any case. Ids of a clock ahead of TIME stand still, so they say nothing of shares:
	-- then the expiry itself is looked at. It is set so that it holds until TIME has caught up, but not beyond another age.
	local life, due = age + share + 1000, not previous
	if ahead > 0 then
		life = life + ahead + share
		due = due or call('PTTL', stream_key) < life - share
	elseif not due then
		due = id_ms(previous) < share_start
	end
	if due then
		if to_trim > 0 then
			to_trim = to_trim - trim_age(stream_key, string.format('%.0f', now - age))
		end
		call('PEXPIRE', stream_key, string.format('%.0f', life))
	end
end

-- Hands a message to whoever hears its channel. Returns what the answer says of it: a user is online as long as the owner's
-- node has a lease, but the message goes to that node in any case, for a lease may end early.
local uncertain, leases
local function hand_out(channel, id, envelope)
	if sub(channel, 1, 5) ~= 'user:' then
		call('PUBLISH', channels .. 'ch:' .. channel, 'M ' .. id .. ' - ' .. channel .. '\n' .. envelope)
		return '-'
	end
	local owner = call('HGET', KEYS[5], sub(channel, 6))
	if owner then
		local space = find(owner, ' ', 1, true)
		local node = sub(owner, 1, space - 1)
		call('PUBLISH', channels .. 'node:' .. node,
			'M ' .. id .. sub(owner, space, find(owner, ' ', space + 1, true)) .. channel .. '\n' .. envelope)
		local leased = leases and leases[node]
		if not leased then
			leased = call('EXISTS', sub(KEYS[1], 1, -#'clock' - 1) .. 'lease:' .. node) == 1 and '1' or '0'
			leases = leases or {}
			leases[node] = leased
		end
		return leased
	end
	if uncertain == nil then
		uncertain = presence_uncertain(call('GET', KEYS[3]), now)
	end
	if uncertain then
		call('PUBLISH', channels .. 'ch:all', 'M ' .. id .. ' - ' .. channel .. '\n' .. envelope)
	end
	return '0'
end

local key, argument, answers = 6, 6, {}
while argument <= #ARGV do
	local count, ephemeral, expires = tonumber(ARGV[argument]), ARGV[argument + 1] == '1', ARGV[argument + 2]
	local envelope, hash = ARGV[argument + 3], ARGV[argument + 4]
	argument = argument + 5
	local record_key, kept, record
	if hash ~= '' then
		record_key, kept = KEYS[key], ARGV[argument]
		key, argument = key + 1, argument + 1
		record = call('GET', record_key)
	end
	if record then
		local bar = find(record, '|', 1, true)
		answers[#answers + 1] = (sub(record, 1, bar - 1) == hash) and 'replayed ' .. sub(record, bar + 1) or 'mismatch'
	else
		local receipts = {}
		for i = key, key + count - 1 do
			local channel, id = sub(KEYS[i], name_at), take(#KEYS - i + 1)
			if not ephemeral then
				append(channel, KEYS[i], id, expires, envelope)
			end
			receipts[#receipts + 1] = id .. ':' .. hand_out(channel, id, envelope)
		end
		local answer = table.concat(receipts, ' ')
		if record_key then
			call('SET', record_key, hash .. '|' .. answer, 'PX', kept)
		end
		answers[#answers + 1] = 'ok ' .. answer
	end
	key = key + count
end
if now and seq < last_seq then
	call('SET', KEYS[1], ms .. '-' .. seq)
end
return answers
