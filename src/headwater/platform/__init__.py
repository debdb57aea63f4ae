"""The few ideas everything stands on: actions, facts, actors, resources, jobs. No business nouns, no templates."""
