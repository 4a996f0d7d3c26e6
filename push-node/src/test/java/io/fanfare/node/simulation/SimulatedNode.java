package io.fanfare.node.simulation;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

import io.fanfare.node.admin.RevokeStreams;
import io.fanfare.node.admission.Admission;
import io.fanfare.node.admission.AdmissionSettings;
import io.fanfare.node.admission.UnlimitedNewcomer;
import io.fanfare.node.catchup.CatchUp;
import io.fanfare.node.catchup.HistorySource;
import io.fanfare.node.connection.CatchUpEvents;
import io.fanfare.node.connection.ConnectionEvents;
import io.fanfare.node.connection.ConnectionSettings;
import io.fanfare.node.connection.Connections;
import io.fanfare.node.connection.DirectMemory;
import io.fanfare.node.connection.Ending;
import io.fanfare.node.connection.FrameRouter;
import io.fanfare.node.connection.MemoryBudget;
import io.fanfare.node.connection.StreamLoop;
import io.fanfare.node.connection.StreamRequest;
import io.fanfare.node.presence.Ownership;
import io.fanfare.node.presence.Suspects;
import io.fanfare.node.ratelimit.Quota;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.call.CallJson;
import io.fanfare.protocol.call.CallName;
import io.fanfare.node.recorder.FlightRecorder;
import io.fanfare.node.recorder.Inquiry;
import io.fanfare.node.recorder.PastStream;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.protocol.call.CallRequest.Trace.Stored;
import io.fanfare.protocol.call.CallResult;
import io.fanfare.protocol.call.NotUnderstoodException;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.history.History;
import io.fanfare.redis.presence.Claim;
import io.fanfare.redis.presence.ClaimResult;
import io.fanfare.redis.presence.Held;
import io.fanfare.redis.presence.Presence.Field;
import io.fanfare.redis.presence.Presence.Suspect;
import io.fanfare.redis.presence.Renewal;
import io.fanfare.redis.revocation.IssuedToken;
import org.jspecify.annotations.Nullable;

/** One start of a node: the real loops and connections on simulated seams. */
final class SimulatedNode {

	private static final long REAP_INTERVAL = 1_000;

	private final Simulation simulation;

	private final int slot;

	private final String identity;

	private final Connections connections;

	private final Admission admission;

	private final SimulatedCommands commands;

	private final FlightRecorder recorder;

	private final SimulatedPubSub pubSub;

	private final List<SimulatedLoop> loops = new ArrayList<>();

	private final List<StreamLoop> streamLoops = new ArrayList<>();

	private final Timers timers = new Timers();

	private final Suspects suspects = new Suspects(Duration.ofMillis(Simulation.LEASE + Simulation.RENEWAL),
			this::nanoTime);

	private boolean up = true;

	private boolean draining;

	private @Nullable CompletableFuture<Void> drained;

	private boolean frozen;

	private boolean suspended;

	private long frozenAt;

	private long thawAt;

	/** How long the monotonic clock stood still. */
	private long stood;

	private long downAt;

	SimulatedNode(Simulation simulation, int slot, String identity, int loopCount) {
		this.simulation = simulation;
		this.slot = slot;
		this.identity = identity;
		Errors errors = new Errors(simulation::now, (where) -> {
			throw new AssertionError("Something threw: " + where);
		}, (fatal) -> {
		});
		this.connections = new Connections(identity, 1_000, simulation.random());
		this.recorder = new FlightRecorder(4 << 20, 1_000, () -> Instant.ofEpochMilli(millis()));
		this.connections.recordBy(this.recorder);
		this.admission = new Admission(this.connections, new AdmissionSettings(AdmissionSettings.Policy.WAIT, 1_000,
				Duration.ofSeconds(30), Duration.ofSeconds(2)), (address) -> null, System::nanoTime, errors);
		this.commands = new SimulatedCommands(simulation, name());
		this.pubSub = new SimulatedPubSub(simulation, this, router());
		InstantSource clock = () -> java.time.Instant.ofEpochMilli(millis());
		ConnectionSettings settings = new ConnectionSettings(1_000, Duration.ofSeconds(2), Duration.ofSeconds(4),
				Duration.ofSeconds(1), Duration.ofSeconds(3), Duration.ofMillis(100), Duration.ofMillis(300),
				Duration.ofMillis(500), Duration.ZERO, Duration.ZERO, Duration.ofSeconds(60), Duration.ofSeconds(30),
				Duration.ofSeconds(25), Duration.ZERO, Duration.ofMinutes(30), false);
		StreamLoop.Node shared = new StreamLoop.Node(identity, settings, Duration.ofMillis(Simulation.RENEWAL),
				Duration.ofMillis(Simulation.LEASE), Duration.ofSeconds(2), new Ownership() {
					@Override
					public CompletableFuture<ClaimResult> claim(Claim claim) {
						return SimulatedNode.this.commands.run("claim", claim,
								(caller) -> simulation.redis().model().claim(caller, identity, claim), (result) -> {
									if (result instanceof ClaimResult.Owner owner) {
										SimulatedNode.this.commands.observe(owner.headId());
									}
								});
					}

					@Override
					public CompletableFuture<@Nullable String> spend(String user, String connection,
							Claim.Ticket ticket, IssuedToken token) {
						return SimulatedNode.this.commands.run("spend", ticket,
								(caller) -> simulation.redis().model().spendTicket(user, connection, ticket, token),
								(refusal) -> {
								});
					}

					@Override
					public CompletableFuture<Boolean> isRevoked(String user, IssuedToken token) {
						return SimulatedNode.this.commands.run("revoked", user,
								(caller) -> simulation.redis().model().isRevoked(user, token), (revoked) -> {
								});
					}

					@Override
					public CompletableFuture<Renewal> renew(List<Held> held, @Nullable Long revocations) {
						return SimulatedNode.this.commands.run("renew", new Renewing(held, revocations),
								(caller) -> simulation.redis().model().renew(caller, identity, held, revocations),
								(renewal) -> SimulatedNode.this.commands.observe(renewal.headId()));
					}

					@Override
					public CompletableFuture<Long> release(List<Field> fields) {
						return SimulatedNode.this.release(fields);
					}

					@Override
					public boolean isAvailable() {
						return SimulatedNode.this.commands.isUp();
					}
				}, new CatchUp(history(), clock), this.pubSub, new Events(), CatchUpEvents.NONE, this.connections,
				simulation.random(), errors, MemoryBudget.ofNode(256L << 20, 1L << 30, 1L << 30),
				new DirectMemory(() -> 0, 1 << 30));
		for (int i = 0; i < loopCount; i++) {
			SimulatedLoop loop = new SimulatedLoop(this);
			this.loops.add(loop);
			this.streamLoops.add(new StreamLoop(loop, shared, simulation.schedule().inboxLimit()));
		}
		this.connections.use(this.streamLoops);
		this.streamLoops.forEach(StreamLoop::start);
		this.pubSub.start();
		reapLater();
	}

	private HistorySource history() {
		return new HistorySource() {
			@Override
			public CompletableFuture<History.Batch> read(ChannelName channel, long position, int count, int bytes) {
				SimulatedNode self = SimulatedNode.this;
				int most = Math.min(count, self.simulation.schedule().batch());
				return self.commands.run("read", new Read(channel, position),
						(caller) -> self.simulation.redis().model().read(caller, channel, position, most, bytes),
						(batch) -> self.commands.observe(batch.upTo()));
			}

			@Override
			public CompletableFuture<Long> findOldest(ChannelName channel) {
				SimulatedNode self = SimulatedNode.this;
				return self.commands.run("find oldest", channel,
						(caller) -> self.simulation.redis().model().findOldest(channel), (id) -> {
						});
			}

			@Override
			public CompletableFuture<History.Walked> walkBack(ChannelName channel, long below, int count, int bytes) {
				SimulatedNode self = SimulatedNode.this;
				int piece = self.simulation.schedule().batch();
				return self.commands.run("walk back", new Read(channel, below),
						(caller) -> self.simulation.redis().model().walkBack(channel, below, count, bytes, piece),
						(walked) -> {
						});
			}

			@Override
			public CompletableFuture<History.LastIds> lastIds(List<ChannelName> channels) {
				SimulatedNode self = SimulatedNode.this;
				return self.commands.run("last ids", channels,
						(caller) -> self.simulation.redis().model().lastIds(caller, channels),
						(ids) -> self.commands.observe(ids.headId()));
			}
		};
	}

	/** Routes frames; of calls a node here answers one kind. */
	private FrameRouter router() {
		FrameRouter router = new FrameRouter(this.connections);
		RevokeStreams revoke = new RevokeStreams(this.connections);
		router.answerBy((call) -> {
			try {
				revoke.run((CallRequest.Revoke) CallJson.readRequest(CallName.REVOKE, call.body()));
			}
			catch (NotUnderstoodException ex) {
				throw new IllegalStateException(ex);
			}
		});
		return router;
	}

	private record Renewing(List<Held> held, @Nullable Long revocations) {

	}

	private record Read(ChannelName channel, long position) {

	}

	private CompletableFuture<Long> release(List<Field> fields) {
		return this.commands.run("release", fields, (caller) -> this.simulation.redis().model().release(fields),
				(removed) -> {
				});
	}

	/** What the reaper does. */
	private void reapLater() {
		later(REAP_INTERVAL, () -> {
			List<Suspect> held = this.suspects.held();
			this.commands
				.run("reap", held, (caller) -> this.simulation.redis().model().reap(this.identity, held), (slice) -> {
				})
				.whenComplete((slice, failure) -> {
					if (failure == null) {
						this.suspects.seen(slice);
						List<Field> ghosts = slice.own()
							.stream()
							.filter((field) -> !this.connections.isHeld(field.connection()))
							.toList();
						if (!ghosts.isEmpty()) {
							release(ghosts);
						}
					}
				});
			if (this.simulation.oracle().forgets()) {
				this.commands.run("forget", "", (caller) -> {
					this.simulation.redis().model().forget(Simulation.SILENCE);
					return "";
				}, (cursor) -> {
				});
			}
			reapLater();
		});
	}

	private final class Events implements ConnectionEvents {

		@Override
		public void opened(boolean resumed) {
		}

		@Override
		public void closed(Ending ending, Duration open) {
			SimulatedNode.this.simulation.trace("%s: closes a stream: %s", name(), ending);
		}

		@Override
		public void refused(CloseReason reason) {
			SimulatedNode.this.simulation.trace("%s: refuses a stream: %s", name(), reason);
		}

		@Override
		public void limited(Quota quota) {
			SimulatedNode.this.simulation.oracle().statistics().limited++;
			SimulatedNode.this.simulation.trace("%s: refuses a stream: %s", name(), quota);
		}

		@Override
		public void ticketIssued() {
			// counted nowhere
		}

		@Override
		public void ticketSpent() {
			SimulatedNode.this.simulation.oracle().statistics().ticketsSpent++;
		}

		@Override
		public void ticketRefused(String reason) {
			SimulatedNode.this.simulation.oracle().statistics().ticketsRefused++;
			SimulatedNode.this.simulation.trace("%s: refuses a ticket: %s", name(), reason);
		}

		@Override
		public void kicked(@Nullable CloseReason reason) {
		}

		@Override
		public void sent(int count, long firstId, long lastId) {
		}

		@Override
		public void unsubscribed() {
		}

		@Override
		public void unanswered(String call) {
			// its connections try again
		}

		@Override
		public void gap() {
			SimulatedNode.this.simulation.oracle().statistics().gaps++;
		}

		@Override
		public void fellBehind() {
			SimulatedNode.this.simulation.oracle().statistics().fellBehind++;
		}

	}

	// ---- time

	long monotonic() {
		return this.simulation.now() - this.stood;
	}

	/** Some time that is not zero. */
	long nanoTime() {
		return (monotonic() + 10_000) * 1_000_000;
	}

	/** What it knows of a message, by each stream of a user. */
	List<CallResult.StreamTrace> trace(String of, ChannelName channel, long id, Stored stored, long expiresAt) {
		Inquiry inquiry = new Inquiry(id, channel, stored, expiresAt, this.recorder.came(id, channel),
				this.recorder.reachesBackTo(id), millis());
		Map<String, PastStream> streams = new LinkedHashMap<>();
		this.streamLoops
			.forEach((loop) -> loop.streamsOf(of).forEach((stream) -> streams.put(stream.connection(), stream)));
		this.recorder.endedOf(of).forEach((stream) -> streams.put(stream.connection(), stream));
		return streams.values().stream().map(inquiry::ask).toList();
	}

	long millis() {
		return Simulation.EPOCH + this.simulation.now();
	}

	void later(long delay, Runnable task) {
		this.timers.add(monotonic() + delay, task);
	}

	/** When something is due next. */
	long next() {
		if (!this.up || this.frozen) {
			return Long.MAX_VALUE;
		}
		long next = Math.min(this.timers.next(),
				this.loops.stream().mapToLong(SimulatedLoop::next).min().orElseThrow());
		long due = (next == Long.MAX_VALUE) ? next : next + this.stood;
		return Math.min(due, this.commands.next());
	}

	// ---- what is known of it

	String name() {
		return "NODE" + this.slot;
	}

	String identity() {
		return this.identity;
	}

	int slot() {
		return this.slot;
	}

	List<SimulatedLoop> loops() {
		return this.loops;
	}

	boolean isUp() {
		return this.up;
	}

	boolean isRunning() {
		return this.up && !this.frozen;
	}

	boolean isFrozen() {
		return this.frozen;
	}

	boolean isThawable(long now) {
		return this.frozen && now >= this.thawAt;
	}

	boolean isDraining() {
		return this.draining;
	}

	long downAt() {
		return this.downAt;
	}

	SimulatedCommands commands() {
		return this.commands;
	}

	SimulatedPubSub pubSub() {
		return this.pubSub;
	}

	/** How many streams have a slot. */
	int held() {
		return this.admission.size();
	}

	// ---- what happens

	void offer(Choices choices, boolean timeouts) {
		if (!this.up) {
			return;
		}
		this.commands.offerRedis(choices);
		this.pubSub.offerRedis(choices);
		if (this.frozen) {
			return;
		}
		this.commands.offer(choices, timeouts);
		this.pubSub.offer(choices);
		this.loops.forEach((loop) -> loop.offer(choices));
		if (this.timers.next() <= monotonic()) {
			choices.add(8, () -> guarded(this.timers::run));
		}
		if (this.drained != null && this.drained.isDone() && this.loops.stream().allMatch(SimulatedLoop::isIdle)) {
			choices.add(4, () -> die(false));
		}
	}

	void guarded(Runnable task) {
		try {
			task.run();
		}
		catch (RuntimeException | AssertionError ex) {
			this.simulation.oracle().fail("EXCEPTION", "%s: %s", name(), Simulation.describe(ex));
		}
	}

	/** A request for a stream arrives. */
	SimulatedSocket accept(SimulatedClient page, StreamRequest request, @Nullable String cursor, int window) {
		int chosen = this.simulation.random().nextInt(this.loops.size());
		SimulatedLoop loop = this.loops.get(chosen);
		StreamLoop streamLoop = this.streamLoops.get(chosen);
		SimulatedSocket socket = new SimulatedSocket(this.simulation, this, loop, page, cursor, window);
		loop.socket(() -> {
			if (!socket.isClosed()) {
				this.simulation.trace("%s: takes the request of %s", name(), page);
				this.admission.decide(streamLoop, new UnlimitedNewcomer(request, socket, socket::use));
			}
		});
		return socket;
	}

	void freeze(long duration, boolean machine) {
		this.frozen = true;
		this.suspended = machine;
		this.frozenAt = this.simulation.now();
		this.thawAt = this.frozenAt + duration;
	}

	void thaw() {
		this.frozen = false;
		if (this.suspended) {
			this.stood += this.simulation.now() - this.frozenAt;
		}
	}

	void drain() {
		this.draining = true;
		this.admission.refuse(CloseReason.DRAINING);
		this.drained = this.connections.stop(CloseReason.DRAIN);
	}

	/** Ends the process. */
	void die(boolean executesLater) {
		this.simulation.trace("%s: is gone", name());
		this.up = false;
		this.downAt = this.simulation.now();
		this.commands.cut(executesLater);
		this.pubSub.die();
		this.simulation.closeSocketsOf(this);
	}

	@Override
	public String toString() {
		return name();
	}

}
