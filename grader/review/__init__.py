"""The review desk: a local web app in which people look at what a class got, agree or decide otherwise."""
