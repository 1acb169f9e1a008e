"""Where requests that leave the server may go; what every wing that makes some shares."""
