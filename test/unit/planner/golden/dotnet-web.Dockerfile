# preset: dotnet
# why: `Shop.sln` found
# why: `src/Shop.Web/Shop.Web.csproj` is the web project
# why: started by `Shop.Web.dll`
# why: .NET 9.0
# base images: mcr.microsoft.com/dotnet/sdk:9.0, mcr.microsoft.com/dotnet/aspnet:9.0
# context: /
# output: {"type":"image"}

FROM mcr.microsoft.com/dotnet/sdk:9.0 AS build
WORKDIR /src
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
ARG BUILD_ENV_HASH
COPY . .
RUN dotnet publish src/Shop.Web/Shop.Web.csproj --configuration Release --output /out -p:UseAppHost=false

FROM mcr.microsoft.com/dotnet/aspnet:9.0
WORKDIR /app
RUN chown 1000:1000 /app
COPY --from=build --chown=1000:1000 /out ./
USER 1000:1000
CMD ["sh","-c","exec dotnet Shop.Web.dll --urls http://0.0.0.0:${PORT:-3000}"]
