"""The Grafana Assistant's API: chats, their events, and A2A."""
