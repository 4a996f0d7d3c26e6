package io.fanfare.api.console;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.core.io.FileSystemResource;
import org.springframework.core.io.Resource;

import static org.assertj.core.api.Assertions.assertThat;

class ContentTagsTests {

	private final ContentTags tags = new ContentTags();

	private final AtomicInteger reads = new AtomicInteger();

	@TempDir
	Path directory;

	/** Made anew for each request, as the resolver does it. */
	private Resource file(String name, String content) throws IOException {
		Path file = Files.writeString(this.directory.resolve(name), content);
		return new FileSystemResource(file) {

			@Override
			public byte[] getContentAsByteArray() throws IOException {
				ContentTagsTests.this.reads.incrementAndGet();
				return super.getContentAsByteArray();
			}

		};
	}

	@Test
	void eachFileIsHashedOnce() throws IOException {
		String first = this.tags.of(file("one.js", "export {};"));
		for (int i = 0; i < 10; i++) {
			assertThat(this.tags.of(file("one.js", "export {};"))).isEqualTo(first);
		}
		assertThat(this.reads).hasValue(1);
		assertThat(first).matches("\"[0-9a-f]{32}\"");
	}

	@Test
	void filesHaveTheTagOfTheirContent() throws IOException {
		String one = this.tags.of(file("one.js", "export {};"));
		assertThat(this.tags.of(file("same.js", "export {};"))).isEqualTo(one);
		assertThat(this.tags.of(file("other.js", "export default 1;"))).isNotEqualTo(one);
		assertThat(this.reads).hasValue(3);
	}

}
