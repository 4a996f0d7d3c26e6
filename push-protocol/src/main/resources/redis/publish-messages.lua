-- Publishes messages, each to one or more channels, in the order given: takes an id for each channel, appends to the history,
-- hands it to the nodes. An idempotency key is looked at before an id is taken, so a repeated message is answered exactly as
-- the first was. Nothing else runs in Redis meanwhile: callers bound how many channels one call names, and how much it
-- appends (32 channels, 256 KiB); the call itself bounds how much it trims.
--
-- KEYS  1 clock  2 run  3 since  4 last  5 presence; where the caller has quotas: what it used of them
--       then of each message: its idempotency record, if it has a key; the history stream of each channel
-- ARGV  1 run id of the server  2 highest id seen  3 prefix of pub/sub channels
--       4 history length  5 history age in ms
--       6 "" where the caller has no quotas; else us in which a byte of its quota grows back ("0": any number of bytes), and
--       then us in which all of it does, and the same two of new channels
--       then of each message: how many channels; "1" when ephemeral (takes an id, is not stored), "0" when not, or, where a verdict
--       is wanted of each user, "w" and within how many ms; its own expiry in ms since the epoch, "0" for none; envelope; body hash, ""
--       without an idempotency key; with one, how long its record is kept, in ms;
--       where there are quotas, its weight in bytes; "+" and the weight of all pieces for the first piece of a message, then how
--       many channels of further pieces follow, and these; "-" for a further piece, which the first one has paid for; or "!" and
--       how an earlier message of the request was refused
-- No channel occurs twice in one message. A user's message goes to the node that presence names; for a while after a data
-- loss, when presence names none, to all.
-- Returns for each message "ok id:online id:online …", "replayed id:online …", "mismatch", or "refused" and Redis's error where
-- nothing of that message is stored: Redis is full, or a channel's stream is not one of ours. The others are dealt with all
-- the same, also repetitions on a full Redis. online is "1", "0", or "-" for a channel that is no user's.
-- Where there are quotas: "limited <policy> <ms to wait>" where one is used up, also for each later message of the call that is
-- no repetition, so that none overtakes; and last "quota <ms> <ms>": when each is whole again. What is not stored costs nothing.

local call, try, find, sub = redis.call, redis.pcall, string.find, string.sub

local run, seen, channels, length, age = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local share = age / length
-- How many entries the call may still remove for their age, or for a length that was lowered.
local to_trim = 3 * TRIM_STEP
local name_at = #KEYS[1] - #'clock' + 4 -- in the key of a stream, behind the prefix of keys and "ch:"

-- The next id. The clock is set with the first one, to what the rest of the call may need: should it break off, no id is
-- given twice. `now` is when they were taken. Returns nil where Redis is full, which only the first write of a call meets:
-- `full` is its error then.
local now, ms, seq, last_seq, share_start, ahead, full
local function take(most)
	if not now then
		local ok, first, first_seq, at, last = pcall(clock_take, most, KEYS[1], KEYS[3], seen, KEYS[2], run)
		if not ok then
			local text = type(first) == 'table' and first.err or first
			if not find(text, '^%-?OOM ') then
				-- As a table: of a text Redis would make an error of no kind.
				error({err = text})
			end
			full = text
			return nil
		end
		ms, seq, now = first, first_seq, at
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

-- Hands a message to those that receive its channel. Returns what the answer says of it: a user is online as long as the owner's
-- node has a lease, but the message goes to that node in any case, for a lease may end early.
local uncertain, leases
local function hand_out(channel, owner, id, envelope)
	if sub(channel, 1, 5) ~= 'user:' then
		call('PUBLISH', channels .. 'ch:' .. channel, 'M ' .. id .. ' - ' .. channel .. '\n' .. envelope)
		return '-'
	end
	local space = owner and find(owner, ' ', 1, true)
	local connection_end = space and find(owner, ' ', space + 1, true)
	if connection_end then
		local node = sub(owner, 1, space - 1)
		call('PUBLISH', channels .. 'node:' .. node,
			'M ' .. id .. sub(owner, space, connection_end) .. channel .. '\n' .. envelope)
		local leased = leases and leases[node]
		if not leased then
			leased = call('EXISTS', sub(KEYS[1], 1, -#'clock' - 1) .. 'lease:' .. node) == 1 and '1' or '0'
			leases = leases or {}
			leases[node] = leased
		end
		return leased
	end
	if uncertain == nil then
		-- What is no id says nothing of what is missing.
		local loss_floor = try('GET', KEYS[3])
		uncertain = presence_uncertain(type(loss_floor) == 'string' and find(loss_floor, '^%d+%-%d+$') and loss_floor, now)
	end
	if uncertain then
		call('PUBLISH', channels .. 'ch:all', 'M ' .. id .. ' - ' .. channel .. '\n' .. envelope)
	end
	return '0'
end

local key, argument, answers, forgotten = 6, 7, {}, nil
local quotas = ARGV[6] ~= ''
local byte_us, bytes_whole, channel_us, channels_whole, quota_now, bytes_used, channels_used, charged, limited_by

local function refuse_channels(new)
	return quota_refusal('new-channels', new * channel_us, channels_used, channels_whole)
end

-- How many of these arguments are channels that `last` does not have, or Redis's error. Where they are too many it looks no
-- further: the others count as new.
local LOOKED_UP_AT_ONCE = 100
local function count_new(from, to)
	local new = 0
	for first = from, to, LOOKED_UP_AT_ONCE do
		local final = math.min(first + LOOKED_UP_AT_ONCE - 1, to)
		local states = try('HMGET', KEYS[4], unpack(ARGV, first, final))
		if states.err then
			return new, states.err
		end
		for i = 1, #states do
			new = states[i] and new or new + 1
		end
		if new > 0 and refuse_channels(new) then
			return new + to - final
		end
	end
	return new
end

-- The same of keys of histories.
local function count_new_keys(from, to)
	local new = 0
	for i = from, to do
		new = call('HGET', KEYS[4], sub(KEYS[i], name_at)) and new or new + 1
	end
	return new
end

-- `last` keeps for a channel "id", or where messages with a ttl of their own came since: "id durable expiry", the last id
-- without a ttl and the latest expiry of those with one: a message past its own ttl is no hole.
if quotas then
	byte_us, bytes_whole, channel_us, channels_whole = ARGV[6] + 0, ARGV[7] + 0, ARGV[8] + 0, ARGV[9] + 0
	quota_now, bytes_used, channels_used = quota_open(KEYS[6])
	key, argument = 7, 10
end
while argument <= #ARGV do
	local count, ephemeral, expires = tonumber(ARGV[argument]), ARGV[argument + 1] == '1', ARGV[argument + 2]
	local envelope, hash = ARGV[argument + 3], ARGV[argument + 4]
	local within = #ARGV[argument + 1] > 1 and sub(ARGV[argument + 1], 2)
	argument = argument + 5
	local record_key, kept, record, answer
	if hash ~= '' then
		record_key, kept = KEYS[key], ARGV[argument]
		key, argument = key + 1, argument + 1
		record = try('GET', record_key)
	end
	local weight, others, others_end
	if quotas then
		weight, argument = ARGV[argument], argument + 1
		if sub(weight, 1, 1) == '+' then
			others, others_end = argument + 1, argument + ARGV[argument]
			argument = others_end + 1
		end
	end
	if type(record) == 'table' then
		answer = 'refused ' .. record.err
	elseif record then
		local bar = find(record, '|', 1, true)
		answer = bar and sub(record, 1, bar - 1) == hash and 'replayed ' .. sub(record, bar + 1) or 'mismatch'
	else
		-- To all of its channels, or to none: first all that may be refused, then `last` and the frames, so that a repetition of
		-- a message that was refused doubles nothing. The tables hold by channel what the second half needs of the first.
		local limited, new_channels, bytes_charge, broken = false, 0, 0, nil
		if quotas and weight ~= '-' then
			limited = limited_by
			if sub(weight, 1, 1) == '!' then
				limited = sub(weight, 2)
			elseif byte_us > 0 and not limited then
				bytes_charge = weight * byte_us
				limited = quota_refusal('bytes', bytes_charge, bytes_used, bytes_whole)
			end
			-- The first piece pays for all, so that no other message passes on what further pieces need.
			if others and not limited and not full and not ephemeral and channel_us > 0 then
				new_channels, broken = count_new(others, others_end)
				limited = new_channels > 0 and refuse_channels(new_channels)
					-- It may need more: the wait is for all of it.
					and refuse_channels(new_channels + count_new_keys(key, key + count - 1))
			end
		end
		local receipts, refusal, i = {}, limited or full or broken, 1
		local states, owners = count > 1 and {}, count > 1 and {}
		local id, channel, previous, owner
		while i <= count and not refusal do
			local stream_key = KEYS[key + i - 1]
			id, channel, previous, owner = take(#KEYS - key - i + 2), sub(stream_key, name_at), false, false
			if not id then
				refusal = full
			elseif sub(channel, 1, 5) == 'user:' then
				owner = try('HGET', KEYS[5], sub(channel, 6))
				refusal = type(owner) == 'table' and owner.err
			end
			if not ephemeral and not refusal then
				-- Each entry carries what `last` said before it.
				previous = try('HGET', KEYS[4], channel)
				local entries = try('XLEN', stream_key)
				if type(previous) == 'table' or type(entries) == 'table' then
					refusal = previous and previous.err or entries.err
				elseif not previous then
					forgotten = forgotten or call('HGET', KEYS[4], '') or '0-0'
					if quotas and channel_us > 0 and weight ~= '-' then
						new_channels = new_channels + 1
						limited = refuse_channels(new_channels)
							and refuse_channels(new_channels + count_new_keys(key + i, key + count - 1))
						refusal = limited
					end
				end
				if not refusal then
					-- The length is exact; but where it was lowered, each message removes some of what is above it, not all at once.
					local most, excess = ARGV[4], entries + 1 - length
					if excess > 1 then
						local step = math.max(1, math.min(excess, TRIM_STEP, to_trim))
						most, to_trim = length + excess - step, to_trim - step
					end
					local added = try('XADD', stream_key, 'MAXLEN', '=', most, id, 'p', previous or forgotten, 'm', envelope)
					refusal = type(added) == 'table' and added.err
				end
			end
			if not refusal then
				receipts[i] = id
				if states then
					states[i], owners[i] = previous, owner
				end
				i = i + 1
			end
		end
		if refusal then
			for j = 1, ephemeral and 0 or i - 1 do
				local stream_key = KEYS[key + j - 1]
				call('XDEL', stream_key, receipts[j])
				if call('XLEN', stream_key) == 0 then
					call('DEL', stream_key)
				end
			end
			answer = (limited and 'limited ' or 'refused ') .. refusal
			limited_by = limited_by or limited
		else
			if within then
				--+ await-receipts
				for j = 1, count do
					receipt_await(sub(KEYS[1], 1, -#'clock' - 1), sub(KEYS[key + j - 1], name_at), receipts[j], now, within)
				end
			end
			for j = 1, count do
				if states then
					id, channel, previous, owner = receipts[j], sub(KEYS[key + j - 1], name_at), states[j], owners[j]
				end
				if not ephemeral then
					local stream_key, before, state = KEYS[key + j - 1], previous or forgotten, id
					if expires ~= '0' then
						local durable, latest = before, '0'
						if find(before, ' ', 1, true) then
							durable, latest = string.match(before, ' (%d+%-%d+) (%d+)$')
							-- Not one of ours: then something up to this message may be missing.
							durable, latest = durable or id, latest or '0'
						end
						if tonumber(expires) > tonumber(latest) then
							latest = expires
						end
						state = id .. ' ' .. durable .. ' ' .. latest
					end
					call('HSET', KEYS[4], channel, state)
					-- The expiry must outlive every message by its age, also where messages come so steadily that none is ever old.
					-- The first one of each share of the age (age / length) trims and sets it anew; the others are spared two
					-- commands. Readers leave out what is too old in any case. Ids of a clock ahead of TIME stand still, so they
					-- say nothing of shares: then the expiry itself is looked at. It is set so that it holds until TIME has caught
					-- up, but not beyond another age.
					local life, due = age + share + 1000, not previous
					if ahead > 0 then
						life = life + ahead + share
						due = due or call('PTTL', stream_key) < life - share
					elseif not due then
						local dash = find(before, '-', 1, true)
						due = (dash and tonumber(sub(before, 1, dash - 1)) or 0) < share_start
					end
					if due then
						if to_trim > 0 then
							to_trim = to_trim - trim_age(stream_key, string.format('%.0f', now - age))
						end
						call('PEXPIRE', stream_key, string.format('%.0f', life))
					end
				end
				receipts[j] = id .. ':' .. hand_out(channel, owner, id, envelope)
			end
			answer = count > 1 and table.concat(receipts, ' ') or receipts[1]
			if record_key then
				call('SET', record_key, hash .. '|' .. answer, 'PX', kept)
			end
			answer = 'ok ' .. answer
			if quotas then
				bytes_used = math.min(bytes_used + bytes_charge, LONGEST_DEBT)
				channels_used = math.min(channels_used + new_channels * channel_us, LONGEST_DEBT)
				charged = true
			end
		end
	end
	answers[#answers + 1] = answer
	key = key + count
end
if now and seq < last_seq then
	call('SET', KEYS[1], ms .. '-' .. seq, 'KEEPTTL')
end
if quotas then
	local longest = math.max(bytes_used, channels_used)
	if charged and longest >= 1 then
		-- Rounded to a us, which is less than a call takes.
		call('SET', KEYS[6], string.format('%d %d', quota_now + bytes_used + 0.5, quota_now + channels_used + 0.5),
			'PX', math.ceil(longest / 1000))
	end
	answers[#answers + 1] = string.format('quota %d %d', math.ceil(bytes_used / 1000), math.ceil(channels_used / 1000))
end
return answers
