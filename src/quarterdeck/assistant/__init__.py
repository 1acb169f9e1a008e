"""The assistant: chats and investigations over the fleet and its incidents."""
