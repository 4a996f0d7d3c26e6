package io.fanfare.test.injection;

import java.util.concurrent.locks.LockSupport;

/** A program that works until it is ended. */
final class Victim {

	private static int failed;

	private Victim() {
	}

	public static void main(String[] arguments) {
		System.out.println("begun");
		for (int i = 0;; i++) {
			long start = System.nanoTime();
			try {
				work();
			}
			catch (IllegalStateException | LinkageError ex) {
				failed++;
			}
			if (System.nanoTime() - start > 300_000_000) {
				System.out.println("stood still");
			}
			if (i % 10 == 0) {
				System.out.println("failed " + failed);
			}
			LockSupport.parkNanos(1_000_000);
		}
	}

	private static void work() {
		// What could fail is injected.
	}

}
