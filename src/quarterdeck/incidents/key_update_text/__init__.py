"""The texts of key updates: stored as sent, converted to the content type that a reader asks for.

What survives a conversion: paragraphs, lists, links, bold, italics and code. Everything else becomes plain text.
"""

from quarterdeck.incidents.key_update_text.conversion import ContentType, check_content, convert, read_content_type

__all__ = ["ContentType", "check_content", "convert", "read_content_type"]
