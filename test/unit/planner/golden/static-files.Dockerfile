# preset: static
# why: `index.html` found and nothing that builds or serves it
# why: files of the app directory are served as they are
# base images: 
# context: /
# output: {"type":"checkout-files","directory":"","spa":false}
