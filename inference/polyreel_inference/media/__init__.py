"""Reading and writing video, images and sound; shared by all engines and knowing none of them."""
