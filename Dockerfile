# The images of the node and of the API, from the sources alone:
#
#   docker build --target push-node -t fanfare/push-node .
#   docker build --target push-api -t fanfare/push-api .

# A build names them by digest: --build-arg JRE_IMAGE=eclipse-temurin:25-jre@sha256:…, as etc/pin-images writes
ARG MAVEN_IMAGE=maven:3.9-eclipse-temurin-25
ARG JRE_IMAGE=eclipse-temurin:25-jre

FROM ${MAVEN_IMAGE} AS jars
WORKDIR /src
# What Maven downloads depends on these alone, and stays when only code changed
COPY pom.xml ./
COPY .mvn .mvn/
COPY etc etc/
COPY push-test/pom.xml push-test/
COPY push-protocol/pom.xml push-protocol/
COPY push-client/pom.xml push-client/
COPY push-boot/pom.xml push-boot/
COPY push-node/pom.xml push-node/
COPY push-doctor/pom.xml push-doctor/
COPY push-api/pom.xml push-api/
COPY push-local/pom.xml push-local/
COPY push-faults/pom.xml push-faults/
COPY push-bench/pom.xml push-bench/
RUN mvn -q -B -Dmaven.test.skip -Dspring-boot.repackage.skip -pl push-node,push-api -am package
COPY . .
# Checks and tests are for `./mvnw verify`
RUN mvn -q -B -Dmaven.test.skip -Dcheckstyle.skip -Dspring-javaformat.skip -pl push-node,push-api -am package \
	&& java -Djarmode=tools -jar push-node/target/push-node.jar extract --layers --destination /jars/push-node \
	&& java -Djarmode=tools -jar push-api/target/push-api.jar extract --layers --destination /jars/push-api

# What a JVM learns when it starts and warms up, kept: the next start takes half the time, and the first streams open and the
# first messages are published twice as fast. It has to be the same JVM, in the same place, with the same collector; otherwise
# it says so and starts as ever. They warm up with a Redis of their own, and are ended in order when they had their time
FROM ${JRE_IMAGE} AS training
RUN apt-get update && apt-get install -y --no-install-recommends redis-server && rm -rf /var/lib/apt/lists/*

FROM training AS trained-node
WORKDIR /app
COPY --from=jars /jars/push-node /jar
RUN cp -a /jar/*/. . \
	&& redis-server --daemonize yes --save '' \
	&& (timeout 45 java -XX:AOTCacheOutput=push-node.aot -XX:+UseG1GC --enable-native-access=ALL-UNNAMED \
		--sun-misc-unsafe-memory-access=allow -jar push-node.jar --fanfare.jwt.secret=for-the-training-run-and-nothing-else \
		--fanfare.development=true --fanfare.stream.warm-up=15s --fanfare.connections.drain-window=0 || true) \
	&& test -s push-node.aot

FROM training AS trained-api
WORKDIR /app
COPY --from=jars /jars/push-api /jar
RUN cp -a /jar/*/. . \
	&& redis-server --daemonize yes --save '' \
	&& (timeout 60 java -XX:AOTCacheOutput=push-api.aot -XX:+UseG1GC --enable-native-access=ALL-UNNAMED \
		--sun-misc-unsafe-memory-access=allow -jar push-api.jar --fanfare.api.keys=training:training-secret:read \
		--fanfare.development=true --fanfare.api.warm-up=25s || true) \
	&& test -s push-api.aot

FROM ${JRE_IMAGE} AS base
RUN groupadd --system --gid 10001 fanfare \
	&& useradd --system --uid 10001 --gid fanfare --home-dir /app --no-create-home --shell /usr/sbin/nologin fanfare
WORKDIR /app
COPY etc/healthcheck /usr/local/bin/fanfare-healthcheck

FROM base AS push-node
# From what seldom changes to what always does: a new build of the node adds some hundred KiB to what is already there
COPY --from=trained-node /jar/dependencies/ ./
COPY --from=trained-node /jar/spring-boot-loader/ ./
COPY --from=trained-node /jar/snapshot-dependencies/ ./
COPY --from=trained-node /jar/application/ ./
COPY --from=trained-node /app/push-node.aot ./
USER 10001:10001
# Streams, and control (health, metrics)
EXPOSE 8081 9081
# Unhealthy says that nothing would arrive; Docker restarts nothing for it
HEALTHCHECK --interval=30s --timeout=3s --start-period=30s --retries=3 CMD ["fanfare-healthcheck", "9081"]
# Half of the container's memory is heap: Netty's buffers and the streams' sockets live outside of it. G1 by name: on one
# CPU or below 1.8 GiB the JVM would take the serial collector and stop every stream for its full collections. A node
# without memory is better gone than half alive: its clients go elsewhere. More flags by JDK_JAVA_OPTIONS.
ENTRYPOINT ["java", "-XX:MaxRAMPercentage=50", "-XX:+UseG1GC", "-XX:AOTCache=push-node.aot", "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow", "-jar", "push-node.jar"]

FROM base AS push-api
COPY --from=trained-api /jar/dependencies/ ./
COPY --from=trained-api /jar/spring-boot-loader/ ./
COPY --from=trained-api /jar/snapshot-dependencies/ ./
COPY --from=trained-api /jar/application/ ./
COPY --from=trained-api /app/push-api.aot ./
USER 10001:10001
# The API, and control (health, metrics)
EXPOSE 8080 9080
HEALTHCHECK --interval=30s --timeout=3s --start-period=30s --retries=3 CMD ["fanfare-healthcheck", "9080"]
# G1 by name: on one CPU or below 1.8 GiB the JVM would take the serial collector. More flags by JDK_JAVA_OPTIONS.
ENTRYPOINT ["java", "-XX:MaxRAMPercentage=60", "-XX:+UseG1GC", "-XX:AOTCache=push-api.aot", "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow", "-jar", "push-api.jar"]
