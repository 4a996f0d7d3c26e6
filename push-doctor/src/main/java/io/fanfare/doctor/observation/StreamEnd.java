package io.fanfare.doctor.observation;

import com.fasterxml.jackson.annotation.JsonProperty;

/** How an answer ended. */
public enum StreamEnd {

	/** As the node ends it, after its last block. */
	@JsonProperty("end")
	END,

	/** By the node as well, but early, as it is being stopped. */
	@JsonProperty("drain")
	DRAIN,

	/** Before that, without an error, or in the middle of a piece. */
	@JsonProperty("eof")
	EOF,

	/** By a reset. */
	@JsonProperty("reset")
	RESET,

	/** Not at all: the doctor gave up. */
	@JsonProperty("timeout")
	TIMEOUT,

	/** It did not begin. */
	@JsonProperty("refused")
	REFUSED

}
