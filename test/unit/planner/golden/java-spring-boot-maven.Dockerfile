# preset: java
# why: `pom.xml` found
# why: Spring Boot
# why: built by Maven
# why: Java 21
# base images: maven:3-eclipse-temurin-21, eclipse-temurin:21-jre
# context: /
# output: {"type":"image"}

FROM maven:3-eclipse-temurin-21 AS build
WORKDIR /src
ARG BUILD_ENV_HASH
COPY . .
RUN --mount=type=cache,target=/root/.m2,sharing=locked mvn --batch-mode --no-transfer-progress -DskipTests package
RUN ["sh","-c","jar=$(ls -S target/*.jar 2>/dev/null | grep -v -e '-sources.jar$' -e '-javadoc.jar$' -e '-plain.jar$' | head -n 1); [ -n \"$jar\" ] || { echo \"the build left no archive in target\" >&2; exit 1; }; cp \"$jar\" /app.jar"]

FROM eclipse-temurin:21-jre
WORKDIR /app
RUN chown 1000:1000 /app
COPY --from=build --chown=1000:1000 /app.jar ./app.jar
USER 1000:1000
CMD ["sh","-c","exec java -Dserver.port=${PORT:-3000} -jar app.jar"]
