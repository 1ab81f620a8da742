SELECT tempcloud.whoami();
