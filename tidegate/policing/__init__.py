"""What lies between the policies and the people: manifests read, rulings put together, told as tables, JSON, SARIF and HTML."""
