"""Invented names for the sample data: the accents, apostrophes, commas and spaces that real registers are full of."""

FIRST_NAMES = (
    "Álvaro", "Amadou", "Anders", "Bartłomiej", "Benoît", "Bruno", "Cillian", "Dário", "Dušan", "Emre", "Erik",
    "Femi", "Florián", "Gaël", "Gonçalo", "Håkon", "Ibrahim", "Ivan", "Jean-Luc", "João", "Jürgen", "Kofi", "Lars",
    "Léo", "Lorenzo", "Lukáš", "Mateo", "Miloš", "Moussa", "Niccolò", "Oskar", "Pádraig", "Rúben", "Sébastien",
    "Sven", "Tomás", "Viktor", "Will", "Yūto", "Zoran",
)  # fmt: skip

LAST_NAMES = (
    "Müllner", "O'Neall", "Gonçalvez", "Šeškar", "Øddegård", "D'Ambrosi", "Nuñezal", "Łukowski", "Þórsson",
    "Çelikoğlu", "Dubois-Laurent", "van den Bergen", "Strâmbu", "Håkansen", "Žižkov", "Kovačevski", "Mc Carrick",
    "N'Diayé", "Åkerlund", "Ferreirinha", "Santos, Jr.", "Weißmann", "Quintanilha", "Rossellini", "Ó Briain",
    "Tanakawa", "Mensahene", "Okonjo", "Gündoğar", "Søndberg", "Bălănescu", "Vandeputten", "Etxeberri", "Grünwalder",
    "Hollings", "Jónsdal", "Kowalczuk", "Lindqvister", "Marešek", "Peñarol",
)  # fmt: skip

NATIONALITIES = (
    "England", "Spain", "Italy", "Germany", "France", "Portugal", "Netherlands", "Belgium", "Denmark", "Türkiye",
    "Croatia", "Czechia", "Côte d'Ivoire", "Senegal", "Nigeria", "Brazil", "Argentina", "Japan",
)  # fmt: skip

# One league per country; clubs take turns round them.
LEAGUES = (
    ("England", "Premier League"), ("Spain", "La Liga"), ("Italy", "Serie A"), ("Germany", "Bundesliga"),
    ("France", "Ligue 1"), ("Portugal", "Primeira Liga"), ("Netherlands", "Eredivisie"), ("Belgium", "Pro League"),
    ("Denmark", "Superliga"), ("Türkiye", "Süper Lig"),
)  # fmt: skip

CITIES = (
    "Northgate", "Peñaverde", "Montefiore", "Grünberg", "Saint-Aubry", "Vila Dourada", "Oosterdijk",
    "Liévin-sur-Meuse", "Ørsted", "Gökova", "King's Marsh", "Almendralejo Norte", "Castel d'Oro", "Königsfeld",
    "Châteauroche", "São Lourenço", "Westerhaven", "Brugelette", "Kærholm", "Güneşkent", "Ashbourne", "Río Claro",
    "Sant'Elia", "Mühlstadt", "Port-l'Évêque", "Fonte Nova", "IJsselmond", "Genk-Zuid", "Næstby", "Çamköy",
    "Eastmoor", "Torrealta", "Bellariva", "Neu Waldau", "Beaumont", "Guimarelos", "'s-Gravenpolder", "Ath-la-Ville",
    "Hjørdal", "Şirinköy",
)  # fmt: skip

CLUB_ENDINGS = ("United", "FC", "Athletic", "Rovers", "1899", "Sporting", "City", "SC", "Wanderers", "Olympic")

STADIUM_ENDINGS = ("Arena", "Park", "Stadion", "Municipal", "Road")

# Clubs outside the register: players name them, no club bears the name.
UNREGISTERED_CLUBS = ("Atlético Sin Nombre", "Harbour Town Old Boys", "FK Nepoznat", "Without club", "Academy XI")
