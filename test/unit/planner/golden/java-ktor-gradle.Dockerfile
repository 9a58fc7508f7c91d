# preset: java
# why: `build.gradle.kts` found
# why: an archive with everything in it
# why: built by Gradle
# why: Java 17
# base images: gradle:8-jdk17, eclipse-temurin:17-jre
# context: /
# output: {"type":"image"}

FROM gradle:8-jdk17 AS build
WORKDIR /src
ARG BUILD_ENV_HASH
COPY . .
RUN --mount=type=cache,target=/root/.gradle,sharing=locked gradle --no-daemon --console=plain assemble
RUN ["sh","-c","jar=$(ls -S build/libs/*.jar 2>/dev/null | grep -v -e '-sources.jar$' -e '-javadoc.jar$' -e '-plain.jar$' | head -n 1); [ -n \"$jar\" ] || { echo \"the build left no archive in build/libs\" >&2; exit 1; }; cp \"$jar\" /app.jar"]

FROM eclipse-temurin:17-jre
WORKDIR /app
RUN chown 1000:1000 /app
COPY --from=build --chown=1000:1000 /app.jar ./app.jar
USER 1000:1000
CMD ["sh","-c","exec java -jar app.jar"]
